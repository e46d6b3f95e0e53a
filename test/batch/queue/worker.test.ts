// A worker on a queue: what it takes, gives back and tells.
import { cpSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { runWorker, type BatchWorkerEvent, type BatchWorkerOptions } from '../../../lib';
import { openOwnJob } from '../../../lib/batch/job/open';
import { readDone } from '../../../lib/batch/job/done';
import { readJob, type Job } from '../../../lib/batch/job/journal';
import { checkBatchOptions } from '../../../lib/batch/options';
import type { PartTicket } from '../../../lib/batch/queue/part_queue';
import { readWorkers } from '../../../lib/batch/queue/registry';
import { openStore } from '../../../lib/batch/store/open';
import { ROOT } from '../../support/child';
import { failure, TestQueue, until } from '../../support/queue';
import { temporaryFolder } from '../../support/temporary';

const queue = new TestQueue();
const folder = temporaryFolder();
const picture = join(folder, 'cat.jpg');
let outputs = 0;
let output: string;
let stop: AbortController;
let events: BatchWorkerEvent[];
let running: Promise<void>;

beforeAll(() => cpSync(join(ROOT, 'examples', 'pictures', 'cat.jpg'), picture));
beforeEach(() => {
  output = join(folder, `out-${outputs++}`);
  stop = new AbortController();
  events = [];
});
afterEach(async () => {
  stop.abort();
  await running;
});

function work(options: Partial<BatchWorkerOptions> = {}): void {
  const onWorkerEvent = (event: BatchWorkerEvent) => events.push(event);
  const given = { queue: queue.url, onWorkerEvent, signal: stop.signal, lockMs: 1000 };
  running = runWorker({ ...given, ...options });
}

async function begin(count: number, partSize: number): Promise<[Job, PartTicket[]]> {
  const inputs = Array.from({ length: count }, () => picture);
  const job = await openOwnJob(openStore(output), checkBatchOptions({ inputs, output, partSize }));
  const model = job.settings.model.source;
  const shared = { output, job: job.id, base: folder, model, retries: 0, running: {} };
  return [job, job.plan.parts.map((_, part) => ({ ...shared, part }))];
}

const types = () => events.map(({ type }) => type);
const done = async () => {
  const store = openStore(output);
  const job = (await readJob(store)) as Job;
  return [...(await readDone(store, job)).keys()].sort();
};

test('does the parts that are there, and those that come', async () => {
  const [, tickets] = await begin(5, 2);
  await queue.parts.add(tickets.slice(0, 2));
  work({ name: 'me' });
  await until('two parts are done', async () => (await done()).length === 2);
  await queue.parts.add(tickets);
  await until('all are done', async () => (await done()).length === 3);
  await until('the queue is empty', async () => Object.keys(await queue.counts()).length === 0);
  expect(events[0]).toEqual({ type: 'ready', name: 'me' });
  expect(events).toContainEqual({ type: 'taken', output, part: 2 });
  expect(events).toContainEqual({ type: 'done', output, part: 2, rows: 1 });
  stop.abort();
  await running;
  expect(await openStore(output).read('_manifest.json')).not.toBeNull();
});

test('says in Redis that it is there and what it does, and signs off', async () => {
  const [job, tickets] = await begin(3000, 3000);
  await queue.parts.add(tickets);
  work();
  const seen = async () => (await readWorkers(queue.redis))[0];
  await until('it has rows', async () => ((await seen())?.rows ?? 0) > 0);
  const worker = await seen();
  expect(worker).toMatchObject({
    host: hostname(),
    pid: process.pid,
    device: 'cpu',
    parts: [{ output, part: 0 }],
  });
  expect(worker?.name).toMatch(new RegExp(`^${hostname()}:${process.pid}-`));
  expect(worker?.underWay).toEqual({ [job.id]: worker?.rows });
  expect(worker?.rate).toBeGreaterThan(0);
  stop.abort();
  await running;
  expect(await seen()).toBeUndefined();
});

test('gives its parts back when it is stopped, at once and whole', async () => {
  const [, tickets] = await begin(4000, 2000);
  await queue.parts.add(tickets);
  work();
  await until('both are taken', () => types().filter((type) => type === 'taken').length === 2);
  const start = performance.now();
  stop.abort(new Error('enough'));
  await running;
  expect(performance.now() - start).toBeLessThan(5000);
  expect(types().filter((type) => type === 'returned')).toHaveLength(2);
  expect(await queue.counts()).toEqual({ waiting: 2 });
  expect(await done()).toEqual([]);
  expect(await openStore(output).list('.job/tmp')).toEqual([]);
});

test('tells of a part that fails, has it tried again, and rests meanwhile', async () => {
  const [, tickets] = await begin(2, 1);
  rmSync(output, { recursive: true });
  await queue.parts.add(tickets);
  work({ concurrency: 1 });
  await until('one has failed', () => types().includes('failed'));
  expect(events.find(({ type }) => type === 'failed')).toMatchObject({
    part: 0,
    error: { code: 'ERR_BIT_OUTPUT' },
  });
  await until('the other one has failed', () => types().filter((t) => t === 'failed').length > 1);
  await begin(2, 1);
  stop.abort();
  await running;
  const { delayed = 0, waiting = 0 } = await queue.counts();
  expect(delayed + waiting).toBe(2);
});

test('goes on when Redis was away, also for longer than its lock', async () => {
  const [, tickets] = await begin(60, 20);
  work();
  await until('it is ready', () => types().includes('ready'));
  await queue.server.stop();
  await until('it knows', () => types().includes('lost'));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await queue.server.start();
  await until('it knows', () => types().includes('back'));
  await queue.parts.add(tickets);
  await until('all are done', async () => (await done()).length === 3);
});

test('a callback that throws is told by Node, and the parts know nothing of it', async () => {
  const [, tickets] = await begin(4, 2);
  const unseen: unknown[] = [];
  const later = queueMicrotask;
  const spy = jest.spyOn(global, 'queueMicrotask').mockImplementation((callback) =>
    later(() => {
      try {
        callback();
      } catch (error) {
        unseen.push(error);
      }
    }),
  );
  const wrong = new Error('a bug of the caller');
  const onWorkerEvent = (event: BatchWorkerEvent) => {
    events.push(event);
    throw wrong;
  };
  try {
    work({ onWorkerEvent });
    await queue.parts.add(tickets);
    await until('all are done', async () => (await done()).length === 2);
    stop.abort();
    await running;
  } finally {
    spy.mockRestore();
  }
  expect(unseen).toEqual(events.map(() => wrong));
  expect(types().filter((type) => type === 'done')).toHaveLength(2);
});

test('stops in time without Redis, too', async () => {
  work();
  await until('it is ready', () => types().includes('ready'));
  await queue.server.stop();
  try {
    const start = performance.now();
    stop.abort();
    await running;
    expect(performance.now() - start).toBeLessThan(12_000);
  } finally {
    await queue.server.start();
  }
});

test('stops before it has begun', async () => {
  stop.abort();
  work();
  await running;
  expect(events).toEqual([]);
});

test.each([
  [{ queue: 'localhost' }, "Expected 'redis://host:port' for queue but received 'localhost'"],
  [{ queue: undefined }, "Expected 'redis://host:port' for queue but received undefined"],
  [{ concurrency: 0 }, 'Expected a positive integer for concurrency but received 0'],
  [{ lockMs: 10 }, 'Expected an integer from 1000 for lockMs but received 10'],
  [{ device: 'gpu' }, "for device but received 'gpu'", 'ERR_BIT_DEVICE'],
  [{ model: 'x' }, "Unknown option 'model'"],
  [{ signal: 3 }, 'Expected an AbortSignal for signal but received 3'],
])('refuses %p', async (options, message, code = 'ERR_BIT_CONFIG') => {
  const given = { queue: queue.url, ...options } as unknown as BatchWorkerOptions;
  const found = await failure(runWorker(given));
  expect(found.split(':')[0]).toBe(code);
  expect(found).toContain(message);
});
