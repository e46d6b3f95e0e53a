// The test command: format, lint, types, native tests, TypeScript tests; ends with one plain line.
// With `-- --all` also short runs under the sanitizers and of the fuzzers, which need clang.
'use strict';

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const root = path.join(__dirname, '..');

/** For each fuzzer. */
const FUZZ_SECONDS = 15;
/** The most that one script may take. */
const STEP_MINUTES = 25;
/** Lines of a failed script's output that are shown once more at the end. */
const TAIL_LINES = 40;

/** Shows what the script prints as it comes, and gives it; a script that hangs is killed, with all that it started. */
function npmRun(script, args = []) {
  console.log(`\n== ${script}`);
  // One stream, so that errors stand where they happened; a group of its own, to be killed as one.
  const command = ['npm', 'run', '--silent', script, '--', ...args, '2>&1'].join(' ');
  const stdio = ['ignore', 'pipe', 'inherit'];
  const child = spawn(command, { cwd: root, shell: true, stdio, detached: true });
  const stop = (signal) => {
    process.kill(-child.pid, signal);
    process.exit(1);
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  let output = '';
  const show = (text) => {
    output += text;
    process.stdout.write(text);
  };
  const timer = setTimeout(() => {
    show(`\n${script} was killed: it took more than ${STEP_MINUTES} minutes\n`);
    process.kill(-child.pid, 'SIGKILL');
  }, STEP_MINUTES * 60_000);
  child.stdout.setEncoding('utf8').on('data', show);
  return new Promise((resolve) => {
    child.once('close', (code) => {
      clearTimeout(timer);
      process.off('SIGINT', stop).off('SIGTERM', stop);
      resolve({ ok: code === 0, output });
    });
  });
}

/** One check that counts as one test. */
async function check(script, args) {
  const { ok, output } = await npmRun(script, args);
  return { script, output, passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
}

async function nativeTests() {
  const { ok, output } = await npmRun('test:native');
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

async function jestTests() {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'bigtransfer-')), 'jest.json');
  const { ok, output } = await npmRun('test:js', ['--json', `--outputFile=${file}`]);
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

async function main() {
  const results = [await check('build:ts'), await check('lint'), await check('typecheck')];
  results.push(await nativeTests(), await jestTests());
  if (process.argv.includes('--all')) {
    results.push(await check('test:sanitize', ['--short']));
    results.push(await check('fuzz', ['--seconds', String(FUZZ_SECONDS)]));
  }
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const failed = results.reduce((sum, result) => sum + result.failed, 0);
  // What failed is named here again: it may stand far above.
  const broken = results.filter((result) => result.failed > 0);
  for (const { script, output } of broken) {
    const tail = output.trimEnd().split('\n').slice(-TAIL_LINES);
    console.log(`\n== the end of ${script}, which failed\n${tail.join('\n')}`);
  }
  const names = broken.map((result) => result.script).join(', ');
  if (broken.length > 0) console.log(`\nfailed: ${names}`);
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

main();
