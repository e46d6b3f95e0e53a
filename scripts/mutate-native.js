// `npm run test:mutate:native`: puts single faults into native/, one at a time, in a copy of the repository,
// builds it and runs the tests, each with a limit; tells which faults no test noticed.
// Options: --count N (default 60), --seed N (default 1), --only TEXT (files whose path has it),
// --out FILE (default test/mutation/native.json), --again (tries what survived there on the code and
// the tests as they are now), --recount (runs nothing: counts what lies there by the reasons that are
// listed now).
'use strict';

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { expectAboveZero, parsed, runMain } = require('./arguments');
const { faultsIn, SHARES } = require('../test/mutation/native_faults');
const { randomOf } = require('../test/mutation/random');

const root = path.join(__dirname, '..');
const copy = path.join(root, 'build-mutation-native');
/** Reasons why a fault may live, by the line that it leaves. */
const MAY_LIVE = path.join(root, 'test', 'mutation', 'native_may_live.json');

const MINUTE = 60_000;
/** Of one test of the native program, in seconds, and of what runs it. */
const TEST_SECONDS = 60;
const LIMITS = { build: 20 * MINUTE, native: 6 * MINUTE, jest: 8 * MINUTE, threads: 20 * MINUTE };

const JEST = ['--bail', '--silent', '--maxWorkers=1'];
/** Numbers and pictures, which every room takes part in; calls and environments, which are the binding's. */
const REFERENCE_TESTS = ['test/models/reference', 'test/image/processor', 'test/image/encoded'];
const BINDING_TESTS = ['test/binding', 'test/models', 'test/image', 'test/callers'];

const { values } = parsed({
  options: {
    count: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    out: { type: 'string', default: path.join(root, 'test', 'mutation', 'native.json') },
    again: { type: 'boolean', default: false },
    recount: { type: 'boolean', default: false },
  },
});

/** What is built and run on a machine without a GPU: its kernels are, in emulation, and its library is not. */
function sources() {
  const { stdout } = spawnSync('git', ['ls-files', 'native'], { cwd: root, encoding: 'utf8' });
  const isTested = (file) =>
    /\.(?:cpp|h|cu)$/.test(file) &&
    !/^native\/(?:(?:devices|pictures|runtime)\/cuda\/|training\/cuda\/gpu_)/.test(file);
  return stdout.split('\n').filter((file) => isTested(file) && file.includes(values.only));
}

/** Every fault in an order by chance, in which each stretch has kinds by their shares. */
function choose() {
  const random = randomOf(Number(values.seed));
  const faults = sources().flatMap((file) =>
    faultsIn(fs.readFileSync(path.join(root, file), 'utf8')).map((fault) => ({ file, ...fault })),
  );
  const inOrder = Object.entries(SHARES).flatMap(([kind, share]) => {
    const drawn = faults.filter((fault) => fault.kind === kind).map((fault) => [random(), fault]);
    drawn.sort(([a], [b]) => a - b);
    return drawn.map(([, fault], place) => ({ ...fault, place: (place + 0.5) / share }));
  });
  return inOrder.sort((a, b) => a.place - b.place);
}

/** Runs a command in the copy; null when it took longer than it may. */
function run(command, args, timeout, env = {}) {
  const options = { cwd: copy, encoding: 'utf8', timeout, killSignal: 'SIGKILL' };
  const result = spawnSync(command, args, {
    ...options,
    maxBuffer: 1 << 28,
    env: { ...process.env, BIGTRANSFER_TEST_LIMIT: String(TEST_SECONDS), ...env },
  });
  return result.error?.code === 'ETIMEDOUT' ? null : result;
}

const build = (slower = 1) =>
  run(process.execPath, ['scripts/build-native.js', '--tests'], LIMITS.build * slower);
const native = (slower = 1) =>
  run('build-cmake/bigtransfer_tests', ['--bail'], LIMITS.native * slower);
const jest = (tests, slower = 1) => run('npx', ['jest', ...JEST, ...tests], LIMITS.jest * slower);
const threads = (slower = 1) =>
  run(
    process.execPath,
    ['scripts/test-sanitize.js', '--short', '--only', 'tsan'],
    LIMITS.threads * slower,
  );

/** The repository as it stands, with what is not committed; what it has built stays. */
function refreshCopy() {
  const { stdout } = spawnSync('git', ['ls-files', '-co', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const file of stdout.split('\n').filter(Boolean)) {
    const [from, to] = [root, copy].map((folder) => path.join(folder, file));
    if (!fs.existsSync(from)) continue;
    // One that is as it was keeps its time, so that it is not built again.
    if (fs.existsSync(to) && fs.readFileSync(from).equals(fs.readFileSync(to))) continue;
    fs.mkdirSync(path.dirname(to), { recursive: true });
    fs.copyFileSync(from, to);
  }
  const modules = path.join(copy, 'node_modules');
  if (!fs.existsSync(modules)) fs.symlinkSync(path.join(root, 'node_modules'), modules);
}

/** The first thing that says no, if any. */
function noticed({ file, kind }) {
  const isBinding = file.startsWith('native/binding/');
  const steps = [
    ['native tests', () => native()],
    ['jest', () => jest(isBinding ? BINDING_TESTS : REFERENCE_TESTS)],
  ];
  if (kind === 'lock') steps.push(['thread sanitizer', () => threads()]);
  for (const [name, step] of steps) {
    const result = step();
    if (result === null) return { by: name, test: 'a hang without a name' };
    if (result.status === 0) continue;
    const said = `${result.stdout}${result.stderr}`;
    const test =
      /^not ok (.*)$/m.exec(said) ?? /● (.*)/.exec(said) ?? /(ThreadSanitizer.*)/.exec(said);
    return { by: name, test: test?.[1] ?? `status ${result.status}, signal ${result.signal}` };
  }
  return null;
}

/** 'refused' by the compiler, 'noticed' or 'survived'. */
function tryFault(fault) {
  const file = path.join(copy, fault.file);
  const text = fs.readFileSync(file, 'utf8');
  const lines = text.split('\n');
  lines[fault.line - 1] = fault.after;
  fs.writeFileSync(file, lines.join('\n'));
  try {
    if (build()?.status !== 0) return { outcome: 'refused' };
    const witness = noticed(fault);
    return witness ? { outcome: 'noticed', ...witness } : { outcome: 'survived' };
  } finally {
    fs.writeFileSync(file, text);
  }
}

/** The first build makes everything, and its tests run to their end. */
const FIRST = 6;

function expectSound(steps) {
  for (const [name, step] of Object.entries(steps)) {
    console.log(`Without a fault: ${name}`);
    const result = step(FIRST);
    if (result?.status === 0) continue;
    process.stdout.write(result ? `${result.stdout}${result.stderr}` : 'It took too long\n');
    throw new Error('The tests do not pass as they are');
  }
}

/** Read each time: reasons are written down while the next faults are tried. */
function reasonOf({ file, before, after }) {
  const listed = fs.existsSync(MAY_LIVE) ? JSON.parse(fs.readFileSync(MAY_LIVE, 'utf8')) : [];
  const isMeant = (each) => each.file === file && each.before === before && each.after === after;
  return listed.find(isMeant)?.why;
}

/** With the reason why a fault that survived may live, if one is listed. */
const judged = (result) =>
  result.outcome === 'survived' ? { ...result, why: reasonOf(result) } : result;

/** Writes what has come of all faults so far; returns how many count. */
function report(seed, results) {
  const judgements = results.map(judged);
  const count = (is) => judgements.filter(is).length;
  const noticed = count(({ outcome }) => outcome === 'noticed');
  const survived = count(({ outcome, why }) => outcome === 'survived' && !why);
  const mayLive = count(({ why }) => why);
  const rate = noticed / Math.max(noticed + survived, 1);
  const document = { seed, noticed, survived, mayLive, rate, results: judgements };
  fs.writeFileSync(values.out, `${JSON.stringify(document, null, 2)}\n`);
  console.log(
    `noticed ${noticed}, survived ${survived} (and ${mayLive} that may): ${(100 * rate).toFixed(1)} %`,
  );
  return noticed + survived + mayLive;
}

/** @throws Error where nothing has run, or something else lies there. */
function lastRun() {
  if (!fs.existsSync(values.out)) throw new Error(`Nothing has run yet: there is no ${values.out}`);
  let run = null;
  try {
    run = JSON.parse(fs.readFileSync(values.out, 'utf8'));
  } catch {
    run = null;
  }
  const isResult = (each) => typeof each?.file === 'string' && typeof each.outcome === 'string';
  if (!Array.isArray(run?.results) || !run.results.every(isResult))
    throw new Error(`${values.out} holds no results of this command`);
  return run;
}

function recount() {
  const { seed, results } = lastRun();
  report(seed, results);
}

/** What survived without a reason: faults in lines that are there no more are 'gone'. */
function tryAgain() {
  const { seed, results } = lastRun();
  refreshCopy();
  expectSound({ build, native });
  results.forEach((last, i) => {
    if (last.outcome !== 'survived' || reasonOf(last)) return;
    const { file, before, after } = last;
    const lines = fs.readFileSync(path.join(root, file), 'utf8').split('\n');
    const index = lines.findIndex((line) => line.trim() === before);
    const now = index < 0 ? { outcome: 'gone' } : tryFault({ ...last, line: index + 1, after });
    results[i] = { ...last, ...now };
    console.log(JSON.stringify(results[i]));
    report(seed, results);
  });
}

function tryAll() {
  const tried = choose();
  refreshCopy();
  expectSound({ build, native, jest: (slower) => jest(BINDING_TESTS, slower) });
  // They are built anew for the thread sanitizer, which few draws need.
  if (tried.slice(0, Number(values.count)).some(({ kind }) => kind === 'lock'))
    expectSound({ threads });
  const results = [];
  let counted = 0;
  for (const fault of tried) {
    if (counted >= Number(values.count)) break;
    const { file, line, kind, before, after } = fault;
    const shown = { file, line, kind, before: before.trim(), after: after.trim() };
    results.push({ ...shown, ...tryFault(fault) });
    console.log(JSON.stringify(results.at(-1)));
    counted = report(Number(values.seed), results);
  }
}

function main() {
  if (values.recount && values.again) throw new Error('--recount and --again exclude each other');
  expectAboveZero({ count: values.count, seed: values.seed });
  if (values.recount) return recount();
  if (values.again) return tryAgain();
  if (sources().length === 0) throw new Error(`No file of native/ has ${values.only} in its path`);
  return tryAll();
}

runMain(main);
