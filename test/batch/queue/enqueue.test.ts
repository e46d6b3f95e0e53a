// A job on a queue, from its beginning to its manifest.
import { mkdirSync, readFileSync, rmSync, writeFileSync, cpSync } from 'node:fs';
import { join } from 'node:path';
import {
  batch,
  batchStatus,
  enqueueBatch,
  runWorker,
  type BatchProgress,
  type BatchRow,
  type EnqueueOptions,
  type Manifest,
} from '../../../lib';
import { readJobs } from '../../../lib/batch/queue/registry';
import { ROOT } from '../../support/child';
import { writtenRows } from '../../support/jobs';
import { failure, TestQueue, until } from '../../support/queue';
import { S3Server } from '../../support/s3_server';
import { temporaryFolder } from '../../support/temporary';

const queue = new TestQueue();
const folder = temporaryFolder();
const inputs = join(folder, 'in');
const COUNT = 25;
let outputs = 0;
let output: string;
let stop: AbortController;
let workers: Promise<void>[];

beforeAll(() => {
  mkdirSync(inputs);
  for (let i = 0; i < COUNT; i++)
    cpSync(
      join(ROOT, 'examples', 'pictures', ['cat.jpg', 'boat.jpg'][i % 2] as string),
      join(inputs, `${String(i).padStart(2, '0')}.jpg`),
    );
  writeFileSync(join(inputs, '07.jpg'), 'broken');
});
beforeEach(() => {
  output = join(folder, `out-${outputs++}`);
  stop = new AbortController();
  workers = [];
});
afterEach(async () => {
  stop.abort();
  await Promise.all(workers);
});

const enqueue = (options: Partial<EnqueueOptions> = {}) =>
  enqueueBatch({ inputs, output, queue: queue.url, partSize: 4, ...options });
const work = () => workers.push(runWorker({ queue: queue.url, signal: stop.signal, lockMs: 1000 }));
const rows = () => writtenRows(output).map((line) => JSON.parse(line) as BatchRow);

async function alone(): Promise<BatchRow[]> {
  const found: BatchRow[] = [];
  for await (const row of batch({ inputs })) found.push(row);
  return found;
}

test('gives the rows of batch(), whichever of two workers did them', async () => {
  work();
  work();
  const seen: BatchProgress[] = [];
  const manifest = await enqueue({ onJobProgress: (progress) => seen.push(progress) });
  expect(rows()).toEqual(await alone());
  expect(manifest).toEqual(JSON.parse(readFileSync(join(output, '_manifest.json'), 'utf8')));
  expect(manifest).toMatchObject({ rows: COUNT, errors: { ERR_BIT_IMAGE: 1 }, partSize: 4 });
  expect(seen[0]).toMatchObject({ done: 0, total: COUNT });
  expect(seen.at(-1)).toMatchObject({ done: COUNT, errors: { ERR_BIT_IMAGE: 1 }, secondsLeft: 0 });
  expect(await readJobs(queue.redis)).toEqual([]);
  await until('nothing is left', async () => Object.keys(await queue.counts()).length === 0);
});

test('can be left and watched again: what is done is not done twice', async () => {
  const leave = new AbortController();
  const first = enqueue({ signal: leave.signal });
  await until('it is on the queue', async () => (await queue.counts())['waiting'] === 7);
  const reason = new Error('enough');
  leave.abort(reason);
  await expect(first).rejects.toBe(reason);
  expect(await queue.counts()).toEqual({ waiting: 7 });
  const [again, beside] = [enqueue(), enqueue()];
  work();
  expect((await again).rows).toBe(COUNT);
  expect((await beside).rows).toBe(COUNT);
  expect(rows()).toHaveLength(COUNT);
  expect((await enqueue()).files).toEqual((await again).files);
  expect(await queue.counts()).toEqual({});
});

test('goes on with what batch() has begun, and the other way round', async () => {
  let count = 0;
  for await (const { path } of batch({ inputs, output, partSize: 4 }))
    if (++count === 10 && path) break;
  const watched = enqueue();
  await until('the rest is on the queue', async () => (await queue.counts())['waiting'] === 5);
  work();
  await watched;
  expect(rows()).toEqual(await alone());
  for await (const row of batch({ inputs, output, partSize: 4 })) throw new Error(row.path);
});

test('puts parts on the queue again that Redis has lost', async () => {
  const watched = enqueue();
  await until('it is on the queue', async () => (await queue.counts())['waiting'] === 7);
  await queue.redis.flushall();
  work();
  expect((await watched).rows).toBe(COUNT);
  expect(rows()).toHaveLength(COUNT);
}, 90_000);

test('says which parts were given up and why, and has them tried again when it is called again', async () => {
  const watched = enqueue();
  watched.catch(() => undefined);
  await until('it is on the queue', async () => (await queue.counts())['waiting'] === 7);
  await giveUp('the disk is full');
  expect(await failure(watched)).toBe(
    `ERR_BIT_QUEUE: Workers gave up 7 of the parts of ${output}, part 0 after 1 try: the disk is full. ` +
      'All others are done. Mend that, and begin the same job again',
  );
  const status = await batchStatus({ queue: queue.url });
  expect(status.jobs).toHaveLength(1);
  expect(status.jobs[0]?.failures[3]).toEqual({ part: 3, reason: 'the disk is full', attempts: 1 });
  work();
  expect((await enqueue()).rows).toBe(COUNT);
});

/** What waits fails for good. */
async function giveUp(reason: string): Promise<void> {
  const { Worker, UnrecoverableError } = jest.requireActual<typeof import('bullmq')>('bullmq');
  const fail = () => Promise.reject(new UnrecoverableError(reason));
  const worker = new Worker('parts', fail, { connection: queue.redis, prefix: 'bigtransfer' });
  await until('all have failed', async () => (await queue.counts())['failed'] === 7);
  await worker.close();
}

test('writes the report that is asked for', async () => {
  work();
  await enqueue({ report: true });
  expect(readFileSync(join(output, '_report.html'), 'utf8')).toContain('25, 1 of them errors');
});

test('does parts with errors again where that is asked for', async () => {
  const list = join(folder, 'list');
  cpSync(inputs, list, { recursive: true });
  const given = { inputs: list, retryFailed: true };
  work();
  expect((await enqueue(given)).errors).toEqual({ ERR_BIT_IMAGE: 1 });
  cpSync(join(list, '06.jpg'), join(list, '07.jpg'));
  expect((await enqueue({ inputs: list })).errors).toEqual({ ERR_BIT_IMAGE: 1 });
  expect(await enqueue(given)).toMatchObject({ rows: COUNT, errors: {} });
  expect(rows().filter(({ error }) => error)).toEqual([]);
});

test('starts anew: parts of the old job on the queue come to nothing', async () => {
  const leave = new AbortController();
  const first = enqueue({ signal: leave.signal, topK: 1 });
  await until('it is on the queue', async () => (await queue.counts())['waiting'] === 7);
  leave.abort();
  await first.catch(() => undefined);
  expect(await failure(enqueue())).toContain('holds a job of other settings');
  const watched = enqueue({ restart: true });
  work();
  await watched;
  expect(rows()).toEqual(await alone());
  await until('nothing is left', async () => Object.keys(await queue.counts()).length === 0);
  expect(await readJobs(queue.redis)).toEqual([]);
});

test('writes to an object store as to a folder', async () => {
  const server = await new S3Server().start();
  const before = { ...process.env };
  Object.assign(process.env, server.env);
  try {
    work();
    work();
    const manifest = await enqueue({ output: 's3://bucket/rows' });
    const files = server.texts('rows');
    const lines = manifest.files.flatMap(({ name }) => files[name]?.trimEnd().split('\n') ?? []);
    expect(lines.map((line) => JSON.parse(line) as BatchRow)).toEqual(await alone());
    expect(Object.keys(files).filter((name) => name.startsWith('.job/tmp'))).toEqual([]);
    expect(JSON.parse(files['_manifest.json'] as string) as Manifest).toEqual(manifest);
    const { jobs } = await batchStatus({ output: 's3://bucket/rows' });
    expect(jobs[0]?.parts).toEqual({ total: 7, done: 7 });
  } finally {
    stop.abort();
    await Promise.all(workers);
    process.env = before;
    await server.stop();
  }
});

test.each([
  [{ output: undefined }, 'ERR_BIT_CONFIG: Expected a path that all workers share for output'],
  [{ queue: undefined }, "ERR_BIT_CONFIG: Expected 'redis://host:port' for queue"],
  [{ shard: '0/2' }, 'ERR_BIT_CONFIG: With a queue there are no shards'],
  [{ topk: 3 }, "ERR_BIT_CONFIG: Unknown option 'topk'"],
  [{ inputs: [{ path: 'x', image: Buffer.from('') }] }, 'ERR_BIT_CONFIG: With an output, inputs'],
  [{ model: 'no/such/folder/model' }, 'ERR_BIT_CHECKPOINT'],
])('refuses %p', async (options, message) => {
  expect(await failure(enqueue(options as never))).toContain(message);
  expect(await queue.counts()).toEqual({});
});

test('refuses an output that cannot be written', async () => {
  const file = join(folder, 'a file');
  writeFileSync(file, '');
  expect(await failure(enqueue({ output: join(file, 'rows') }))).toMatch(/^ERR_BIT_OUTPUT: /);
  rmSync(file);
});
