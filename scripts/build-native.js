// Builds the addon with cmake-js against the libtorch that lib/libtorch finds, and puts what loads
// into build/Release: bigtransfer.node (the loader) and bigtransfer-torch<series>.so (the core).
// Options: --tests builds the native tests too; --from-gyp when node-gyp is the caller.
'use strict';

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const root = path.join(__dirname, '..');
const cmakeDir = path.join(root, 'build-cmake');
const releaseDir = path.join(root, 'build', 'Release');

function libtorchDir() {
  const compiled = path.join(root, 'dist', 'libtorch', 'index.js');
  if (!fs.existsSync(compiled)) {
    const built = spawnSync('npm', ['run', '--silent', 'build:ts'], {
      cwd: root,
      stdio: 'inherit',
    });
    if (built.status !== 0) throw new Error('The TypeScript build failed');
  }
  const { findLibtorch, libtorchNotFound } = require(compiled);
  const needs = { needHeaders: true };
  const { found, tried } = findLibtorch(needs);
  if (!found) throw libtorchNotFound(tried, needs);
  return found.dir;
}

function has(command) {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
}

function build({ tests }) {
  for (const tool of ['cmake', 'c++']) {
    if (!has(tool))
      throw new Error(
        `The native addon could not be built: there is no ${tool}.\n` +
          'Install CMake 3.18 or newer and a C++20 compiler (Debian: apt install cmake g++), then run ' +
          '`npm run build:native`.',
      );
  }
  const torch = libtorchDir();
  console.log(`Building against libtorch in ${torch}`);
  const options = {
    CMAKE_PREFIX_PATH: torch,
    // Named outright: a cache of an earlier build may hold another one.
    Torch_DIR: path.join(torch, 'share', 'cmake', 'Torch'),
    BIGTRANSFER_TESTS: tests ? 'ON' : 'OFF',
    BIGTRANSFER_WERROR: process.env.CI ? 'ON' : 'OFF',
    BIGTRANSFER_JPEG: process.env.BIGTRANSFER_JPEG ?? 'ON',
  };
  cmakeJs(
    'configure',
    Object.entries(options).map(([name, value]) => `--CD${name}=${value}`),
  );
  cmakeJs('build', ['--parallel', String(os.availableParallelism())]);
}

/** Fails with the tool's own output above it. */
function cmakeJs(command, args) {
  const tool = require.resolve('cmake-js/bin/cmake-js');
  const all = [tool, command, '--out', cmakeDir, ...args];
  const { status } = spawnSync(process.execPath, all, { cwd: root, stdio: 'inherit' });
  if (status !== 0) {
    throw new Error(
      `The native addon could not be built: cmake-js ${command} failed, and the first error above ` +
        'says why.\nMend that and run `npm run build:native`, which goes on where it stopped.',
    );
  }
}

function install() {
  const from = path.join(cmakeDir, 'Release');
  fs.mkdirSync(releaseDir, { recursive: true });
  for (const name of fs.readdirSync(from).filter((file) => /\.(node|so)$/.test(file))) {
    // A new file, not new bytes in the old one: a process may have the old one mapped.
    fs.rmSync(path.join(releaseDir, name), { force: true });
    fs.copyFileSync(path.join(from, name), path.join(releaseDir, name));
  }
}

try {
  build({ tests: process.argv.includes('--tests') });
  install();
} catch (error) {
  console.error(`\nbigtransfer: ${error.message}`);
  process.exitCode = 1;
}
