// The native program that holds every kernel against its plain ATen version, on the card; with
// --sanitize also under compute-sanitizer.
'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { gpuTest } = require('./support/gpu');

const PROGRAM = path.join(__dirname, '..', '..', 'build-cmake', 'bigtransfer_gpu_tests');
const SANITIZER = process.env.COMPUTE_SANITIZER ?? 'compute-sanitizer';
/** What compute-sanitizer ends with when it found something, and the program does not. */
const FOUND = 86;

/** Runs it; fails with the end of what it printed where a case failed or the sanitizer complains. */
function runProgram(command, args) {
  const { status, signal, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  assert.ifError(error);
  const printed = `${stdout}${stderr}`.slice(-4000);
  assert.notEqual(status, FOUND, `compute-sanitizer found errors:\n${printed}`);
  assert.equal(status, 0, `ended with ${signal ?? status}:\n${printed}`);
  const [, passed] = /native: (\d+) passed, 0 failed/.exec(stdout) ?? [];
  assert.ok(Number(passed) > 0, `no tests ran:\n${printed}`);
}

const notBuilt =
  !fs.existsSync(PROGRAM) && 'the program is not built: npm run build:cuda -- --tests';

gpuTest('kernels against their plain versions', () => runProgram(PROGRAM, []), notBuilt);

function whyNotSanitized() {
  if (!process.env.BIGTRANSFER_SANITIZE) return 'only with --sanitize';
  const { error } = spawnSync(SANITIZER, ['--version']);
  return error ? `there is no ${SANITIZER}: ${error.message}` : false;
}

for (const tool of ['memcheck', 'racecheck', 'initcheck']) {
  const args = ['--tool', tool, '--error-exitcode', String(FOUND), PROGRAM];
  gpuTest(
    `kernels under ${tool}`,
    () => runProgram(SANITIZER, args),
    notBuilt || whyNotSanitized(),
  );
}
