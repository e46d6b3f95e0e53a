// `npm run fuzz -- --seconds 60 [--target checkpoint]`: builds the fuzzers with clang and runs each
// for so long. New inputs that reach new code go to build-fuzz/corpus; the ones to keep are in
// test/fuzz/corpus. A crash is written to build-fuzz/crashes and fails.
'use strict';

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { configure, has, root } = require('./native-variant');

const TARGETS = ['checkpoint', 'pickle', 'image'];
const FLAGS =
  '-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer';
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

function fuzz(build, target) {
  const found = path.join(build, 'corpus', target);
  const crashes = path.join(build, 'crashes', target);
  for (const folder of [found, crashes]) fs.mkdirSync(folder, { recursive: true });
  console.log(`\n== ${target} for ${values.seconds} s`);
  const { status } = spawnSync(
    path.join(build, `fuzz_${target}`),
    [
      found,
      path.join(root, 'test', 'fuzz', 'corpus', target),
      `-max_total_time=${values.seconds}`,
      `-max_len=${MOST_BYTES}`,
      `-rss_limit_mb=${MOST_MEGABYTES}`,
      `-artifact_prefix=${crashes}/`,
      '-print_final_stats=1',
      '-verbosity=0',
    ],
    { stdio: 'inherit', env: { ...process.env, ASAN_OPTIONS: 'detect_leaks=0' } },
  );
  return status === 0;
}

if (!has('clang++')) {
  console.error('npm run fuzz needs clang (Debian: apt install clang libclang-rt-14-dev)');
  process.exit(1);
}
const targets = values.target ? [values.target] : TARGETS;
const settings = {
  CMAKE_C_COMPILER: 'clang',
  CMAKE_CXX_COMPILER: 'clang++',
  CMAKE_CXX_FLAGS: FLAGS,
  BIGTRANSFER_FUZZ: 'ON',
};
const build = configure(
  'fuzz',
  settings,
  targets.map((name) => `fuzz_${name}`),
);
const broken = targets.filter((target) => !fuzz(build, target));
console.log(broken.length > 0 ? `\nfuzz: failed: ${broken.join(', ')}` : '\nfuzz: no crash');
process.exitCode = broken.length > 0 ? 1 : 0;
