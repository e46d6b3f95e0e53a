// Builds the addon against the libtorch that lib/libtorch finds, and puts what loads into
// build/Release: bigtransfer.node (the loader) and bigtransfer-torch<series>.so (the core).
// Options: --cuda also builds bigtransfer-cuda-torch<series>.so, the library for GPUs, and opens it;
// --tests builds the native tests too; --from-gyp when node-gyp is the caller, whose headers --node-headers names.
// With BIGTRANSFER_SYSROOT, the root of an older system, it builds for that one and brings its own libjpeg-turbo,
// libpng and Gloo (cmake/old_glibc.cmake).
'use strict';

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const root = path.join(__dirname, '..');
const sysroot = process.env.BIGTRANSFER_SYSROOT;
const releaseDir = path.join(root, 'build', 'Release');

/** One for each libtorch where several are built for; BIGTRANSFER_BUILD_DIR names another. */
function cmakeDirFor(found) {
  const folder = process.env.BIGTRANSFER_BUILD_DIR;
  if (folder) return path.resolve(root, folder);
  return path.join(root, sysroot ? `build-prebuild/torch${seriesOf(found)}` : 'build-cmake');
}

const seriesOf = ({ version }) => /^\d+\.\d+/.exec(version)[0];

function libtorch({ cuda }) {
  const compiled = path.join(root, 'dist', 'libtorch', 'index.js');
  if (!fs.existsSync(compiled)) {
    const built = spawnSync('npm', ['run', '--silent', 'build:ts'], {
      cwd: root,
      stdio: 'inherit',
    });
    if (built.status !== 0) throw new Error('The TypeScript build failed');
  }
  const { findLibtorch, libtorchNotFound } = require(compiled);
  const needs = { needHeaders: true, cuda };
  const { found, tried } = findLibtorch(needs);
  if (!found) throw libtorchNotFound(tried, needs);
  return found;
}

function has(command) {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
}

function checkTools() {
  for (const tool of ['cmake', 'c++']) {
    if (!has(tool))
      throw new Error(
        `The native addon could not be built: there is no ${tool}.\n` +
          'Install CMake 3.18 or newer and a C++20 compiler (Debian: apt install cmake g++), then run ' +
          `\`${howToBuild()}\`.`,
      );
  }
}

/** The command to try again; the published package has no scripts of npm's. */
function howToBuild() {
  const cuda = process.argv.includes('--cuda');
  return fs.existsSync(path.join(root, 'tsconfig.json'))
    ? `npm run build:${cuda ? 'cuda' : 'native'}`
    : `node ${path.join(root, 'scripts', 'build-native.js')}${cuda ? ' --cuda' : ''}`;
}

/** nvcc on the path, or where CUDA installs it. */
function nvcc() {
  const folders = [process.env.CUDA_HOME, process.env.CUDA_PATH, '/usr/local/cuda'];
  const places = folders.filter(Boolean).map((folder) => path.join(folder, 'bin', 'nvcc'));
  return ['nvcc', ...places].find(has);
}

function checkCuda(found) {
  if (!nvcc()) {
    throw new Error(
      'There is no nvcc on the path, in CUDA_HOME or in /usr/local/cuda: install it for CUDA ' +
        `${found.cuda ?? 'of that libtorch'}`,
    );
  }
}

function build({ tests, cuda }) {
  checkTools();
  const found = libtorch({ cuda });
  if (cuda) checkCuda(found);
  console.log(`Building against libtorch in ${found.dir}`);
  cmake(cmakeDirFor(found), {
    Libtorch_DIR: found.dir,
    BIGTRANSFER_CUDA: cuda ? 'ON' : 'OFF',
    BIGTRANSFER_CUDA_ARCHITECTURES: process.env.BIGTRANSFER_CUDA_ARCHITECTURES ?? '',
    BIGTRANSFER_TESTS: tests ? 'ON' : 'OFF',
    BIGTRANSFER_WERROR: process.env.CI ? 'ON' : 'OFF',
    BIGTRANSFER_JPEG: process.env.BIGTRANSFER_JPEG ?? (sysroot ? 'BUNDLED' : 'ON'),
    BIGTRANSFER_PNG: process.env.BIGTRANSFER_PNG ?? (sysroot ? 'BUNDLED' : 'ON'),
    BIGTRANSFER_GLOO: process.env.BIGTRANSFER_GLOO ?? (sysroot ? 'BUNDLED' : 'ON'),
    ...(sysroot
      ? {
          CMAKE_TOOLCHAIN_FILE: path.join(root, 'cmake/old_glibc.cmake'),
          BIGTRANSFER_SYSROOT: sysroot,
        }
      : {}),
  });
  return found;
}

/** node-gyp knows Node's headers, NODE_INC may be their folder, and else cmake-js brings them. */
function cmake(cmakeDir, options) {
  const jobs = ['--parallel', String(os.availableParallelism())];
  const headers = argument('--node-headers') ?? process.env.NODE_INC;
  if (!headers) {
    const tool = require.resolve('cmake-js/bin/cmake-js');
    const given = Object.entries(options).map(([name, value]) => `--CD${name}=${value}`);
    run(process.execPath, [tool, 'configure', '--out', cmakeDir, ...given]);
    run(process.execPath, [tool, 'build', '--out', cmakeDir, ...jobs]);
    return;
  }
  const wrapper = path.dirname(require.resolve('node-addon-api/package.json'));
  const all = {
    ...options,
    CMAKE_BUILD_TYPE: 'Release',
    CMAKE_JS_INC: [headers, wrapper].join(';'),
    CMAKE_LIBRARY_OUTPUT_DIRECTORY: path.join(cmakeDir, 'Release'),
  };
  const given = Object.entries(all).map(([name, value]) => `-D${name}=${value}`);
  const generator = has('ninja') ? ['-G', 'Ninja'] : [];
  run('cmake', ['-S', root, '-B', cmakeDir, ...generator, ...given]);
  run('cmake', ['--build', cmakeDir, ...jobs]);
}

/** What follows an option on the command line. */
function argument(option) {
  const at = process.argv.indexOf(option);
  return at < 0 ? undefined : process.argv[at + 1];
}

/** Fails with the tool's own output above it. */
function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (status === 0) return;
  throw new Error(
    'The native addon could not be built, and the first error above says why.\nMend that and run ' +
      `\`${howToBuild()}\`, which goes on where it stopped.`,
  );
}

/** Not every build has them. */
const OPTIONAL = ['bigtransfer-gloo.so', 'bigtransfer-nccl.so'];

/** Of this build alone: the folder may hold another series' libraries. */
function install(found, { cuda }) {
  const series = seriesOf(found);
  const names = ['bigtransfer.node', `bigtransfer-torch${series}.so`, ...OPTIONAL];
  if (cuda) names.push(`bigtransfer-cuda-torch${series}.so`);
  fs.mkdirSync(releaseDir, { recursive: true });
  for (const name of names) {
    const built = path.join(cmakeDirFor(found), 'Release', name);
    // A new file, not new bytes in the old one: a process may have the old one mapped.
    fs.rmSync(path.join(releaseDir, name), { force: true });
    if (!OPTIONAL.includes(name) || fs.existsSync(built))
      fs.copyFileSync(built, path.join(releaseDir, name));
  }
}

/** Opens what was built, without a GPU too: an undefined symbol shows here, and not at a user's. */
function checkLoads(found) {
  const script = `const { cuda } = require(${JSON.stringify(root)}).systemInfo();
    console.log(JSON.stringify(cuda));`;
  const env = { ...process.env, BIGTRANSFER_LIBTORCH: found.dir };
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8', env });
  let cuda;
  try {
    cuda = JSON.parse(stdout);
  } catch {
    throw new Error(`What was built does not load:\n${stderr}`);
  }
  if (!cuda.library) throw new Error(`The CUDA library does not load: ${cuda.reason}`);
  console.log(
    `The CUDA library loads; ${cuda.available ? 'CUDA works' : `CUDA is off: ${cuda.reason}`}`,
  );
}

const wanted = {
  cuda: process.argv.includes('--cuda'),
  tests: process.argv.includes('--tests'),
};
try {
  const found = build(wanted);
  install(found, wanted);
  if (wanted.cuda) checkLoads(found);
} catch (error) {
  console.error(`\nbigtransfer: ${error.message}`);
  process.exitCode = 1;
}
