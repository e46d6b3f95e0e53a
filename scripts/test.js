// The test command: format, lint, types, native tests, TypeScript tests; ends with one plain line.
// With `-- --all` also short runs under the sanitizers and of the fuzzers, which need clang.
'use strict';

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const root = path.join(__dirname, '..');

/** For each fuzzer. */
const FUZZ_SECONDS = 15;
/** Lines of a failed script's output that are shown once more at the end. */
const TAIL_LINES = 40;

function npmRun(script, args = []) {
  console.log(`\n== ${script}`);
  // One stream, so that errors stand where they happened.
  const command = ['npm', 'run', '--silent', script, '--', ...args, '2>&1'].join(' ');
  const result = spawnSync(command, {
    cwd: root,
    shell: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const output = result.stdout ?? '';
  process.stdout.write(output);
  return { ok: result.status === 0, output };
}

/** One check that counts as one test. */
function check(script, args) {
  const { ok, output } = npmRun(script, args);
  return { script, output, passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
}

function nativeTests() {
  const { ok, output } = npmRun('test:native');
  const counts = /native: (\d+) passed, (\d+) failed/.exec(output);
  if (!counts) return { script: 'test:native', output, passed: 0, failed: 1 };
  const failed = Number(counts[2]);
  return {
    script: 'test:native',
    output,
    passed: Number(counts[1]),
    failed: ok ? failed : Math.max(failed, 1),
  };
}

function jestTests() {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'bigtransfer-')), 'jest.json');
  const { ok, output } = npmRun('test:js', ['--json', `--outputFile=${file}`]);
  if (!fs.existsSync(file)) return { script: 'test:js', output, passed: 0, failed: 1 };
  const report = JSON.parse(fs.readFileSync(file, 'utf8'));
  // A test file that does not compile has no failed tests, only a failed suite.
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
  return {
    script: 'test:js',
    output,
    passed: report.numPassedTests,
    failed: ok ? failed : Math.max(failed, 1),
  };
}

const results = [check('build:ts'), check('lint'), check('typecheck'), nativeTests(), jestTests()];
if (process.argv.includes('--all')) {
  results.push(check('test:sanitize', ['--short']));
  results.push(check('fuzz', ['--seconds', String(FUZZ_SECONDS)]));
}
const passed = results.reduce((sum, result) => sum + result.passed, 0);
const failed = results.reduce((sum, result) => sum + result.failed, 0);
// What failed is named here again: it may stand far above.
const broken = results.filter((result) => result.failed > 0);
for (const { script, output } of broken) {
  const tail = output.trimEnd().split('\n').slice(-TAIL_LINES);
  console.log(`\n== the end of ${script}, which failed\n${tail.join('\n')}`);
}
if (broken.length > 0) console.log(`\nfailed: ${broken.map((result) => result.script).join(', ')}`);
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
