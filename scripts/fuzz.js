// `npm run fuzz -- --seconds 60 [--target checkpoint]`: builds the fuzzers with clang and runs each
// for so long. New inputs that reach new code go to build-fuzz/corpus; the ones to keep are in
// test/fuzz/corpus. A crash is written to build-fuzz/crashes and fails. Without clang the inputs of
// test/fuzz/corpus alone are run, by a build of the default compiler.
'use strict';

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { configure, has, root } = require('./native-variant');

const TARGETS = ['checkpoint', 'pickle', 'image'];
const SANITIZERS =
  '-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer';
const COVERAGE = '-fsanitize=fuzzer-no-link';
/** Pictures in the tests are larger than this; checkpoints need no more. */
const MOST_BYTES = 16 * 1024;
/** Readers promise to bound what a lying file makes them allocate. */
const MOST_MEGABYTES = 2048;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    target: { type: 'string' },
  },
});

const kept = (target) => path.join(root, 'test', 'fuzz', 'corpus', target);

/** What libFuzzer is told. */
function fuzzing(build, target) {
  const found = path.join(build, 'corpus', target);
  const crashes = path.join(build, 'crashes', target);
  for (const folder of [found, crashes]) fs.mkdirSync(folder, { recursive: true });
  return [
    found,
    kept(target),
    `-max_total_time=${values.seconds}`,
    `-max_len=${MOST_BYTES}`,
    `-rss_limit_mb=${MOST_MEGABYTES}`,
    `-artifact_prefix=${crashes}/`,
    '-print_final_stats=1',
    '-verbosity=0',
  ];
}

function passes(build, target) {
  console.log(`\n== ${target} ${clang ? `for ${values.seconds} s` : 'on the kept inputs'}`);
  const args = clang ? fuzzing(build, target) : [kept(target)];
  const { status } = spawnSync(path.join(build, `fuzz_${target}`), args, {
    stdio: 'inherit',
    env: { ...process.env, ASAN_OPTIONS: 'detect_leaks=0' },
  });
  return status === 0;
}

const clang = has('clang++');
if (!clang)
  console.log(
    'There is no clang, which makes inputs up (Debian: apt install clang libclang-rt-14-dev): ' +
      'running those of test/fuzz/corpus alone',
  );
const targets = values.target ? [values.target] : TARGETS;
const compilers = { CMAKE_C_COMPILER: 'clang', CMAKE_CXX_COMPILER: 'clang++' };
const settings = {
  ...(clang && compilers),
  CMAKE_CXX_FLAGS: clang ? `${SANITIZERS} ${COVERAGE}` : SANITIZERS,
  BIGTRANSFER_FUZZ: 'ON',
};
const build = configure(
  clang ? 'fuzz' : 'fuzz-replay',
  settings,
  targets.map((name) => `fuzz_${name}`),
);
const broken = targets.filter((target) => !passes(build, target));
console.log(broken.length > 0 ? `\nfuzz: failed: ${broken.join(', ')}` : '\nfuzz: no crash');
process.exitCode = broken.length > 0 ? 1 : 0;
