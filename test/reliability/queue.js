// `npm run batch:queue`: batch jobs on three workers, again and again. One is killed, one is paused until its
// parts are others' and comes back late, and Redis is restarted. Each input must end as exactly one row.
'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { createInterface } = require('node:readline');
const { batch, enqueueBatch, numbers, random, report, wait } = require('./common');
const { RedisServer } = require('../support/redis_server');

const MAIN = path.join(__dirname, '..', '..', 'dist', 'cli', 'main.js');
/** Seconds without a sign of life: the least that there is. */
const LOCK_S = 1;
const SIDE = 160;
/** Of one round; then it has failed. */
const PATIENCE_MS = 180_000;
/** Among so many rounds each thing befalls somebody. */
const SURE_ROUNDS = 5;
/** Of the inputs: broken ones have rows too. */
const BROKEN_EVERY = 50;

/** Pictures that all differ; some cannot be read. */
function makeInputs(folder, count) {
  const next = random(5);
  fs.mkdirSync(folder);
  for (let i = 0; i < count; i++) {
    const colours = [0, 1, 2].map(() => Math.floor(256 * next()));
    const pixels = Buffer.alloc(3 * SIDE * SIDE, Buffer.from(colours));
    for (let at = 0; at < pixels.length; at += 97) pixels[at] = Math.floor(256 * next());
    const header = i % BROKEN_EVERY === 0 ? 'P6 broken' : `P6 ${SIDE} ${SIDE} 255\n`;
    const name = `${String(i).padStart(5, '0')}.ppm`;
    fs.writeFileSync(path.join(folder, name), Buffer.concat([Buffer.from(header), pixels]));
  }
}

/** A worker in a process of its own, and what it says. */
class WorkerProcess {
  constructor(url, name) {
    const args = ['worker', '--queue', url, '--name', name, '--lock', `${LOCK_S}`, '--json'];
    const options = { stdio: ['ignore', 'pipe', 'inherit'] };
    this.child = spawn(process.execPath, [MAIN, ...args, '--threads', '1'], options);
    this.exited = once(this.child, 'exit');
    this.parts = new Set();
    this.events = [];
    createInterface({ input: this.child.stdout }).on('line', (line) => this.note(JSON.parse(line)));
  }

  note(event) {
    this.events.push(event);
    if (event.type === 'taken') this.parts.add(event.part);
    else if ('part' in event) this.parts.delete(event.part);
  }

  /** Done by somebody else, when this one came to its end. */
  get late() {
    return this.events.filter(({ type, rows }) => type === 'done' && rows === null).length;
  }

  async stop() {
    this.child.kill('SIGTERM');
    this.child.kill('SIGCONT');
    return (await this.exited)[0];
  }
}

/** Waits until something is so. */
async function until(what, test) {
  for (const end = Date.now() + PATIENCE_MS; !test(); await wait(10))
    if (Date.now() > end) throw new Error(`waited too long until ${what}`);
}

const recordsOf = (output) => {
  const job = path.join(output, '.job');
  const folders = fs.existsSync(job)
    ? fs.readdirSync(job).filter((name) => /^done-/.test(name))
    : [];
  return folders.flatMap((folder) =>
    fs
      .readdirSync(path.join(job, folder))
      .filter((name) => /^\d+\.json$/.test(name))
      .map((name) => path.join(job, folder, name)),
  );
};

/** Which files the parts that are done consist of, as the disk knows them. */
function identities(output) {
  const rows = fs.readdirSync(output).filter((name) => name.startsWith('part-'));
  const paths = [...recordsOf(output), ...rows.map((name) => path.join(output, name))];
  return new Map(
    paths.map((each) => [each, `${fs.statSync(each).ino} ${fs.statSync(each).mtimeMs}`]),
  );
}

/** One job, and all that befalls it. */
async function round(number, { folder, partSize, expected, next }) {
  const redis = await new RedisServer().start();
  const output = path.join(folder, `out-${number}`);
  const options = { inputs: path.join(folder, 'in'), partSize, queue: redis.url, output };
  const workers = ['killed', 'paused', 'steady'].map((name) => new WorkerProcess(redis.url, name));
  const [killed, paused, steady] = workers;
  try {
    let isDone = false;
    const job = enqueueBatch(options).finally(() => (isDone = true));
    job.catch(() => undefined);
    const inWork = (worker) => worker.parts.size > 0 && recordsOf(output).length > 1;

    await until('one is in work to be killed', () => isDone || inWork(killed));
    await wait(100 * next());
    killed.child.kill('SIGKILL');
    const orphans = killed.parts.size;

    await until('one is in work to be paused', () => isDone || inWork(paused));
    await wait(100 * next());
    paused.child.kill('SIGSTOP');
    await wait(50); // what it had said
    const held = [...paused.parts];

    await redis.stop(number % 2 === 0 ? 'SIGTERM' : 'SIGKILL');
    await wait(500 * next());
    await redis.start();

    // Its parts are others' by then; in every other round the whole job is over.
    if (number % 2 === 0) await job;
    else await wait(1000 * (2 * LOCK_S + 2 * next()));
    const before = identities(output);
    const wasDone = isDone;
    paused.child.kill('SIGCONT');
    const late = new WorkerProcess(redis.url, 'late');
    workers.push(late);
    const manifest = await job;
    await until('the late one has begun', () => late.events.length > 0);
    if (wasDone) await until('the paused one is done', () => paused.parts.size === 0);

    const after = identities(output);
    for (const [file, identity] of before) assert.equal(after.get(file), identity, file);
    expectRows(manifest, output, expected);
    const codes = await Promise.all([paused.stop(), steady.stop(), late.stop()]);
    assert.deepEqual(codes, [0, 0, 0]);
    assert.deepEqual(
      tmpFiles(output).filter((name) => !isOf(name, killed)),
      [],
    );
    return { orphans, held: held.length, late: paused.late, wasDone };
  } finally {
    for (const { child } of workers) child.kill('SIGKILL');
    await redis.remove();
    fs.rmSync(output, { recursive: true, force: true });
  }
}

/** Exactly the rows of a job on one machine, in the same order, and files as the manifest says. */
function expectRows(manifest, output, expected) {
  const names = fs.readdirSync(output).filter((name) => name.startsWith('part-'));
  assert.deepEqual(names.sort(), manifest.files.map(({ name }) => name).sort());
  const text = manifest.files.map(({ name }) => fs.readFileSync(path.join(output, name), 'utf8'));
  const rows = text.join('').trimEnd().split('\n');
  assert.equal(manifest.rows, expected.length);
  assert.equal(rows.length, expected.length);
  rows.forEach((row, at) => assert.deepEqual(JSON.parse(row), expected[at]));
}

/** What is left of parts that did not come to count. */
function tmpFiles(output) {
  const folder = path.join(output, '.job', 'tmp');
  return fs.existsSync(folder) ? fs.readdirSync(folder) : [];
}

/** What was killed cannot clear up behind it. */
const isOf = (name, { parts }) => parts.has(Number.parseInt(name, 10));

async function main() {
  const { rounds, inputs, part } = numbers({ rounds: 20, inputs: 1500, part: 50 });
  const folder = fs.mkdtempSync(path.join(tmpdir(), 'bigtransfer-queue-'));
  const next = random(3);
  const sums = { rounds: 0, orphans: 0, held: 0, late: 0, afterTheEnd: 0 };
  const failures = [];
  try {
    makeInputs(path.join(folder, 'in'), inputs);
    const expected = [];
    for await (const row of batch({ inputs: path.join(folder, 'in') })) expected.push(row);
    assert.equal(expected.length, inputs);
    for (let i = 0; i < rounds; i++) {
      try {
        const seen = await round(i, { folder, partSize: part, expected, next });
        console.error(`round ${i}: ${JSON.stringify(seen)}`);
        sums.rounds++;
        for (const name of ['orphans', 'held', 'late']) sums[name] += seen[name];
        sums.afterTheEnd += seen.wasDone ? 1 : 0;
      } catch (error) {
        console.error(error);
        failures.push(`round ${i}: ${error.message.slice(0, 500)}`);
      }
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
  // A single round may just miss one of them.
  const isSeen = (count) => rounds < SURE_ROUNDS || count > 0;
  report(
    { ...sums, failures },
    {
      oneRowForEach: failures.length === 0,
      someWereKilledInWork: isSeen(sums.orphans),
      somePausedInWork: isSeen(sums.held),
      someCameLate: isSeen(sums.late),
    },
  );
}

main();
