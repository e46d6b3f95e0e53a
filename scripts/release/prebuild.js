// Fills prebuilds/ with the binaries that the package brings, and packages/cuda-linux-x64 with the library for
// GPUs: built against a Debian 11, so that they run on every system since then, and stripped.
// --cpu leaves out what takes nvcc and libtorch for CUDA.
'use strict';

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const { parsed, runMain } = require('../arguments');
const { binariesIn, problemsOf, strip, symbolVersions } = require('./binaries');
const { copyGccLicences, debian11 } = require('./debian11');

const root = path.join(__dirname, '..', '..');
const released = path.join(root, 'build', 'Release');
const prebuilds = path.join(root, 'prebuilds');
const target = path.join(prebuilds, 'linux-x64');
const cudaPackage = path.join(root, 'packages', 'cuda-linux-x64');
/** Those for which libtorch's CUDA build has code too; each runs on the later ones of its generation. */
const CUDA_ARCHITECTURES = '75;80;86;90;100;120';

function run(command, args, env) {
  const { status } = spawnSync(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed`);
}

function copyStripped(file, folder) {
  const to = path.join(folder, path.basename(file));
  fs.mkdirSync(folder, { recursive: true });
  fs.rmSync(to, { force: true });
  fs.copyFileSync(file, to);
  strip(to);
}

/** The loader by prebuildify, which names it as node-gyp-build looks for it, and beside it the core and Gloo's library. */
function prebuildCpu(libtorch, sysroot) {
  run('npx', ['--no-install', 'prebuildify', '--napi', '--strip', '--tag-libc'], {
    BIGTRANSFER_LIBTORCH: libtorch,
    BIGTRANSFER_SYSROOT: sysroot,
  });
  for (const name of fs.readdirSync(released))
    if (/^bigtransfer-(torch.*|gloo)\.so$/.test(name))
      copyStripped(path.join(released, name), target);
}

/** Of sources that the build fetches (cmake/libjpeg_turbo.cmake, libpng.cmake, gloo.cmake), and where it has them. */
const LICENCES = {
  'libjpeg-turbo': ['libjpeg-turbo/src/libjpeg_turbo', 'LICENSE.md', 'README.ijg'],
  libpng: ['libpng/src/libpng', 'LICENSE'],
  'zlib-ng': ['libpng/src/zlib_ng', 'LICENSE.md'],
  gloo: ['gloo/src/gloo', 'LICENSE'],
};

/** Of what is linked into them. */
function copyLicences() {
  const { PINNED, majorMinor } = require('../../dist/libtorch');
  const built = path.join(root, 'build-prebuild', `torch${majorMinor(PINNED.version)}`);
  for (const [library, [source, ...names]] of Object.entries(LICENCES)) {
    const folder = path.join(prebuilds, 'licenses', library);
    fs.mkdirSync(folder, { recursive: true });
    for (const name of names)
      fs.copyFileSync(path.join(built, source, name), path.join(folder, name));
  }
  copyGccLicences(path.join(prebuilds, 'licenses', 'libstdc++'));
}

/** The core and the library for GPUs must come from one build. */
function prebuildCuda(libtorch, sysroot) {
  run(process.execPath, ['scripts/build-native.js', '--cuda'], {
    BIGTRANSFER_LIBTORCH: libtorch,
    BIGTRANSFER_SYSROOT: sysroot,
    BIGTRANSFER_CUDA_ARCHITECTURES: CUDA_ARCHITECTURES,
  });
  const { PINNED_CUDA, majorMinor } = require('../../dist/libtorch');
  const series = majorMinor(PINNED_CUDA.version);
  copyStripped(path.join(released, `bigtransfer-torch${series}.so`), target);
  for (const name of [`bigtransfer-cuda-torch${series}.so`, 'bigtransfer-nccl.so'])
    copyStripped(path.join(released, name), cudaPackage);
}

/** Fails where one of the binaries would not run elsewhere. */
function check(folders, sysroot) {
  const secrets = [root, sysroot, os.homedir()];
  const files = folders.flatMap(binariesIn);
  const problems = files.flatMap((file) => problemsOf(file, secrets));
  if (problems.length > 0) throw new Error(problems.join('; '));
  for (const file of files) {
    const versions = Object.entries(symbolVersions(file)).map((pair) => pair.join(' '));
    console.log(`${path.relative(root, file)}: ${versions.join(', ')}`);
  }
}

async function main() {
  const { values } = parsed({ options: { cpu: { type: 'boolean', default: false } } });
  const sysroot = debian11();
  run('npm', ['run', '--silent', 'build:ts'], {});
  const { fetchLibtorch } = require('../../dist/libtorch');
  for (const name of ['linux-x64', 'licenses'])
    fs.rmSync(path.join(prebuilds, name), { recursive: true, force: true });
  fs.rmSync(released, { recursive: true, force: true });
  prebuildCpu(await fetchLibtorch(), sysroot);
  if (!values.cpu) prebuildCuda(await fetchLibtorch({ cuda: true }), sysroot);
  copyLicences();
  // Else it would be taken before prebuilds/, and has no loader.
  fs.rmSync(released, { recursive: true, force: true });
  check([target, cudaPackage], sysroot);
}

runMain(main);
