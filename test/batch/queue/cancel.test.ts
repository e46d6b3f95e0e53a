// Jobs that are taken off the queue, begun anew, or deleted while they run.
import { cpSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  batchStatus,
  cancelBatch,
  enqueueBatch,
  runWorker,
  type BatchWorker,
  type BatchWorkerEvent,
  type CancelOptions,
  type EnqueueOptions,
} from '../../../lib';
import { readJobs, readWorkers } from '../../../lib/batch/queue/registry';
import { ROOT } from '../../support/child';
import { failure, TestQueue, ticket, until } from '../../support/queue';
import { temporaryFolder } from '../../support/temporary';

const queue = new TestQueue();
const folder = temporaryFolder();
const picture = join(folder, 'cat.jpg');
const COUNT = 30;
const inputs = Array.from({ length: COUNT }, () => picture);
let outputs = 0;
let output: string;
let stop: AbortController;
let events: BatchWorkerEvent[];
let workers: Promise<void>[];

beforeAll(() => cpSync(join(ROOT, 'examples', 'pictures', 'cat.jpg'), picture));
beforeEach(() => {
  output = join(folder, `out-${outputs++}`);
  stop = new AbortController();
  events = [];
  workers = [];
});
afterEach(async () => {
  stop.abort();
  await Promise.all(workers);
});

const enqueue = (options: Partial<EnqueueOptions> = {}) => {
  const job = enqueueBatch({ inputs, output, queue: queue.url, partSize: 1, ...options });
  job.catch(() => undefined);
  return job;
};
const work = () =>
  workers.push(
    runWorker({
      ...{ queue: queue.url, signal: stop.signal, lockMs: 1000 },
      onWorkerEvent: (event) => events.push(event),
    }),
  );
const onQueue = (count: number) =>
  until('all is on the queue', async () => (await queue.counts())['waiting'] === count);
const isEmpty = async () => Object.keys(await queue.counts()).length === 0;

test('a job that is taken off the queue ends for who watches it, and goes on when it is asked for again', async () => {
  const watched = enqueue();
  await onQueue(COUNT);
  await cancelBatch({ queue: queue.url, output });
  expect(await failure(watched)).toBe(
    `ERR_BIT_QUEUE: Somebody has taken the job of ${output} off the queue, or begun it anew`,
  );
  expect(await queue.counts()).toEqual({});
  expect(await readJobs(queue.redis)).toEqual([]);
  expect(await failure(cancelBatch({ queue: queue.url, output }))).toBe(
    `ERR_BIT_QUEUE: There is no job of ${output} on the queue: it is done, or was never there`,
  );
  work();
  expect((await enqueue()).rows).toBe(COUNT);
});

test('workers drop what they still find of it', async () => {
  const leave = new AbortController();
  const watched = enqueue({ signal: leave.signal });
  await onQueue(COUNT);
  leave.abort();
  await watched.catch(() => undefined);
  const [{ id: job } = { id: '' }] = await readJobs(queue.redis);
  await cancelBatch({ queue: queue.url, output });
  await queue.parts.add([ticket(0, { job, output })]);
  work();
  await until('it is gone', isEmpty);
  expect(events.map(({ type }) => type)).toEqual(['ready']);
});

test('one whose output was deleted can be taken off too', async () => {
  const leave = new AbortController();
  const watched = enqueue({ signal: leave.signal });
  await onQueue(COUNT);
  leave.abort();
  await watched.catch(() => undefined);
  rmSync(output, { recursive: true });
  expect((await batchStatus({ queue: queue.url })).unseen).toMatchObject([{ output }]);
  await cancelBatch({ queue: queue.url, output });
  expect(await batchStatus({ queue: queue.url })).toMatchObject({ jobs: [], unseen: [] });
  expect(await isEmpty()).toBe(true);
});

test('one whose output is deleted ends for who watches it, and leaves the queue', async () => {
  const watched = enqueue();
  await onQueue(COUNT);
  rmSync(output, { recursive: true });
  expect(await failure(watched)).toBe(
    `ERR_BIT_OUTPUT: The job of ${output} is there no more: somebody has deleted it, or begun it anew`,
  );
  expect(await isEmpty()).toBe(true);
  expect(existsSync(output)).toBe(false);
});

test('what somebody deletes on the way is done again before the job ends', async () => {
  const watched = enqueue();
  work();
  await until('some are done', () => existsSync(join(output, 'part-00003.jsonl')));
  rmSync(join(output, 'part-00003.jsonl'));
  expect((await watched).rows).toBe(COUNT);
  expect(existsSync(join(output, 'part-00003.jsonl'))).toBe(true);
});

test('one that is begun anew ends for who watched the old one', async () => {
  const watched = enqueue();
  await onQueue(COUNT);
  const anew = enqueue({ restart: true, topK: 1 });
  expect(await failure(watched)).toContain('or begun it anew');
  work();
  expect((await anew).options).toEqual({ topK: 1 });
});

test('a job that fails on a worker keeps it from no other one, and says there what is wrong', async () => {
  const leave = new AbortController();
  const gone = enqueue({ signal: leave.signal });
  await onQueue(COUNT);
  leave.abort();
  await gone.catch(() => undefined);
  rmSync(output, { recursive: true });
  const lost = output;
  output = join(folder, `out-${outputs++}`);
  const seen: BatchWorker[] = [];
  const watched = enqueue({ onWorkers: (workers) => seen.push(...workers) });
  await onQueue(2 * COUNT);
  work();
  expect((await watched).rows).toBe(COUNT);
  // Nothing was given up: another machine may see it.
  expect((await queue.counts())['failed']).toBeUndefined();
  expect(events.filter(({ type }) => type === 'failed').length).toBeLessThan(10);
  const problem = async () => (await readWorkers(queue.redis))[0]?.problem ?? null;
  await until('the worker has said so', async () => (await problem()) !== null);
  expect(await problem()).toMatchObject({
    output: lost,
    message: expect.stringContaining(`There is no job in ${lost}`) as string,
  });
  expect(seen.map(({ name }) => name)).toContain((await readWorkers(queue.redis))[0]?.name);
}, 60_000);

test.each([
  [{ output: undefined }, 'Expected a path for output but received undefined'],
  [{ queue: 'x' }, "Expected 'redis://host:port' for queue but received 'x'"],
  [{ job: 'x' }, "Unknown option 'job'"],
])('refuses %p', async (options, message) => {
  const given = { queue: queue.url, output: '/x', ...options } as unknown as CancelOptions;
  expect(await failure(cancelBatch(given))).toContain(`ERR_BIT_CONFIG: ${message}`);
});
