// Builds native programs in a folder of their own, with another compiler or other flags.
'use strict';

const { spawnSync } = require('node:child_process');
const os = require('node:os');
const path = require('node:path');

const root = path.join(__dirname, '..');

function has(command) {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
}

function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error(`${command} ${args[0]} failed`);
}

/** The folder build-<name> with the targets built by these settings. */
function configure(name, settings, targets) {
  const { findLibtorch, libtorchNotFound } = require(path.join(root, 'dist', 'libtorch'));
  const needs = { needHeaders: true };
  const { found, tried } = findLibtorch(needs);
  if (!found) throw libtorchNotFound(tried, needs);
  const build = path.join(root, `build-${name}`);
  const options = {
    CMAKE_BUILD_TYPE: 'RelWithDebInfo',
    CMAKE_CXX_FLAGS_RELWITHDEBINFO: '-O1 -g1',
    Libtorch_DIR: found.dir,
    ...settings,
  };
  const ninja = has('ninja') ? ['-G', 'Ninja'] : [];
  const defines = Object.entries(options).map(([key, value]) => `-D${key}=${value}`);
  run('cmake', ['-S', root, '-B', build, ...ninja, ...defines]);
  const parallel = String(os.availableParallelism());
  run('cmake', ['--build', build, '--parallel', parallel, '--target', ...targets]);
  return build;
}

module.exports = { configure, has, root };
