// `npm run test:sanitize`: the native tests, the stress of the queue among them, under the address
// and undefined-behaviour sanitizers, then under the thread sanitizer. With `-- --short` those of the
// readers and of the runtime alone; `-- --only tsan` runs one of them.
'use strict';

const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { configure, root } = require('./native-variant');

const { values } = parseArgs({
  options: { short: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
});
const isShort = values.short;
const target = isShort ? 'bigtransfer_short_tests' : 'bigtransfer_tests';
const suppressions = path.join(root, 'test', 'sanitize');

const RUNS = [
  {
    name: 'asan',
    flags: '-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer',
    env: {
      // libtorch's own registries are never freed.
      ASAN_OPTIONS: 'detect_leaks=0:strict_string_checks=1:detect_stack_use_after_return=1',
      UBSAN_OPTIONS: 'print_stacktrace=1',
    },
  },
  {
    name: 'tsan',
    flags: '-fsanitize=thread -fno-omit-frame-pointer',
    env: {
      TSAN_OPTIONS: `suppressions=${path.join(suppressions, 'tsan.txt')}:halt_on_error=0`,
    },
  },
];

function check({ name, flags, env }) {
  console.log(`\n== ${name}`);
  const settings = {
    BIGTRANSFER_TESTS: 'ON',
    CMAKE_CXX_FLAGS: flags,
    CMAKE_EXE_LINKER_FLAGS: flags,
    // They take minutes to compile with it, and no short test is about them.
    BIGTRANSFER_KERNEL_OPTIONS: isShort ? '-fno-sanitize=all' : '',
  };
  const build = configure(name, settings, [target]);
  const { status } = spawnSync(path.join(build, target), {
    stdio: 'inherit',
    // More threads than most machines have cores, so that they are switched at odd moments.
    env: { ...process.env, OMP_NUM_THREADS: '4', ...env },
  });
  return status === 0;
}

const chosen = RUNS.filter(({ name }) => name.includes(values.only));
const broken = chosen.filter((run) => !check(run)).map(({ name }) => name);
console.log(broken.length > 0 ? `\nsanitize: failed: ${broken.join(', ')}` : '\nsanitize: clean');
process.exitCode = broken.length > 0 ? 1 : 0;
