// `npm run test:matrix`: builds from source against each libtorch that there is, and tests what came out. Those in the cache
// and those named as arguments (directories with lib/ and include/), through cmake-js; the first one through node-gyp too.
'use strict';

const { spawnSync } = require('node:child_process');
const path = require('node:path');

const { parsed, runMain } = require('../arguments');

const root = path.join(__dirname, '..', '..');
/** One generation of GPUs shows as well as all of them that the kernels compile. */
const ARCHITECTURE = '80';

/** Whether a step came to its end; its output is shown as it comes. */
function step(env, command, ...args) {
  console.log(`\n== ${command} ${args.join(' ')}`);
  const { status } = spawnSync(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
  return status === 0;
}

const hasNvcc = () =>
  ['nvcc', '/usr/local/cuda/bin/nvcc'].some(
    (nvcc) => spawnSync(nvcc, ['--version'], { stdio: 'ignore' }).status === 0,
  );

/** Libraries with headers, each once. */
function libtorches(given) {
  const { inspectDirectory, libtorchCacheDir } = require('../../dist/libtorch');
  const { cachedCopies, libtorchOf } = require('../../dist/libtorch/cache');
  const all = [...given.map((folder) => path.resolve(folder)), ...cachedCopies().map(libtorchOf)];
  const found = [...new Set(all)].map((dir) => ({
    dir,
    ...inspectDirectory(dir, { needHeaders: true }),
  }));
  for (const { dir, ok, why } of found) if (!ok) console.log(`${dir} is left out: ${why}`);
  const usable = found.filter(({ ok }) => ok);
  if (usable.length === 0)
    throw new Error(`There is no libtorch with headers in ${libtorchCacheDir()}`);
  return usable;
}

function environment({ dir, version }) {
  return {
    BIGTRANSFER_LIBTORCH: dir,
    BIGTRANSFER_BUILD_DIR: `build-matrix/${version}`,
    BIGTRANSFER_CUDA_ARCHITECTURES: ARCHITECTURE,
  };
}

/** Built with all tests; those of operators, and whole networks against transformers. */
function throughCmake(libtorch) {
  const env = environment(libtorch);
  const cuda = libtorch.cuda !== null && hasNvcc() ? ['--cuda'] : [];
  return (
    step(env, process.execPath, 'scripts/build-native.js', '--tests', ...cuda) &&
    step(env, process.execPath, 'scripts/run-native-tests.js') &&
    step(env, 'npx', '--no-install', 'jest', 'test/models/reference', 'test/binding/load')
  );
}

function throughNodeGyp(libtorch) {
  const env = environment(libtorch);
  return (
    step(env, 'npx', '--no-install', 'node-gyp', 'rebuild') &&
    step(env, 'npx', '--no-install', 'jest', 'test/models/reference')
  );
}

function main() {
  const { positionals } = parsed({ allowPositionals: true, options: {} });
  const all = libtorches(positionals);
  const rows = all.map((libtorch) => [libtorch, 'cmake-js', throughCmake(libtorch)]);
  rows.push([all[0], 'node-gyp', throughNodeGyp(all[0])]);
  console.log('');
  for (const [{ version, cuda }, tool, passed] of rows) {
    const kind = cuda === null ? 'CPU' : hasNvcc() ? 'CUDA' : 'CUDA, whose kernels want nvcc';
    console.log(`libtorch ${version} (${kind}) through ${tool}: ${passed ? 'passed' : 'failed'}`);
  }
  if (rows.some(([, , passed]) => !passed)) process.exitCode = 1;
}

runMain(main);
