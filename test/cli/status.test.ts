// `bigtransfer status`: what it tells of jobs and workers.
import { join } from 'node:path';
import { batch, enqueueBatch } from '../../lib';
import { beat, readJobs, registerJob } from '../../lib/batch/queue/registry';
import { TestQueue, until } from '../support/queue';
import { temporaryFolder } from '../support/temporary';
import { bigtransfer, PICTURES } from './run';

const queue = new TestQueue();
const folder = temporaryFolder();
const status = async (...args: string[]) => (await bigtransfer(['status', ...args])).stdout;

/** Four inputs in two parts, of which this many are done. */
async function begin(name: string, parts: number): Promise<string> {
  const output = join(folder, name);
  let rows = 0;
  for await (const { path } of batch({ inputs: [PICTURES, 'no.jpg'], output, partSize: 2 }))
    if (++rows > 2 * parts && path) break;
  return output;
}

test('tells of a job by what lies under its output', async () => {
  const output = await begin('done', 2);
  expect(await status(output)).toBe(
    `${output}: image-classification with bit-mini-scenes\n` +
      '  rows    4 of 4 (100 %), done\n' +
      '  parts   2 of 2\n' +
      '  errors  ERR_BIT_IMAGE 1\n',
  );
});

test('tells the rate and the time left of a job that goes on', async () => {
  const output = await begin('half', 1);
  expect(await status(output)).toMatch(
    /\n {2}rows {4}2 of 4 \(50 %\), [\d.]+ a second, \d+ s left\n {2}parts {3}1 of 2\n {2}errors {2}none\n$/,
  );
  const { jobs } = JSON.parse(await status(output, '--json')) as { jobs: object[] };
  expect(jobs).toMatchObject([{ output, parts: { total: 2, done: 1 }, failures: [] }]);
});

test('tells of the jobs on a queue and of the workers there', async () => {
  expect(await status('--queue', queue.url)).toBe(
    'There is no job on the queue that is not done.\n\nNo workers.\n',
  );
  const output = join(folder, 'queued');
  const leave = new AbortController();
  const job = enqueueBatch({
    ...{ inputs: PICTURES, output, queue: queue.url, signal: leave.signal },
  });
  await until('it is on the queue', async () => (await queue.counts())['waiting'] === 1);
  leave.abort();
  await job.catch(() => undefined);
  const [{ id } = { id: '' }] = await readJobs(queue.redis);
  await registerJob(queue.redis, { id: 'other', output: '/no/such/place' });
  const parts = [{ output, part: 0 }];
  await beat(queue.redis, {
    ...{ name: 'w1', host: 'h', pid: 1, device: 'cuda:0', since: '', rows: 12345, rate: 250.4 },
    ...{ parts, underWay: { [id]: 2 }, problem: null },
  });
  await beat(queue.redis, {
    ...{ name: 'w2', host: 'h', pid: 2, device: null, since: '', rows: 0, rate: 0 },
    ...{ parts: [], underWay: {}, problem: { output: '/rows', part: 7, message: 'no disk' } },
  });
  expect(await status('--queue', queue.url)).toBe(
    `${output}: image-classification with bit-mini-scenes\n` +
      '  rows    2 of 3 (66 %), 250 a second, 1 s left\n' +
      '  parts   0 of 1\n' +
      '  errors  none\n\n' +
      '/no/such/place\n  unknown: There is no batch job in /no/such/place\n\n' +
      'worker  device    rows  a second  parts in work\n' +
      'w1      cuda:0  12,345       250  0\n' +
      'w2      -            0       0.0  -\n' +
      'w2: part 7 of /rows failed: no disk\n',
  );
});

test('tells which parts were given up, and of too many how many more', async () => {
  const output = join(folder, 'given up');
  const leave = new AbortController();
  const inputs = Array.from({ length: 12 }, () => join(PICTURES, 'cat.jpg'));
  const options = { inputs, output, partSize: 1, queue: queue.url };
  const job = enqueueBatch({ ...options, signal: leave.signal });
  await until('it is on the queue', async () => (await queue.counts())['waiting'] === 12);
  leave.abort();
  await job.catch(() => undefined);
  const { Worker, UnrecoverableError } = jest.requireActual<typeof import('bullmq')>('bullmq');
  const fail = () => Promise.reject(new UnrecoverableError('the disk is full'));
  const worker = new Worker('parts', fail, { connection: queue.redis, prefix: 'bigtransfer' });
  await until('all have failed', async () => (await queue.counts())['failed'] === 12);
  await worker.close();
  const text = await status(output, '--queue', queue.url);
  expect(text).toContain('  rows    0 of 12 (0 %), nobody is at work\n');
  expect(text).toContain('  part 0 was given up after 1 try: the disk is full\n');
  expect(text).toContain('  and 2 more parts that were given up\n');
  expect(text.match(/was given up/g)).toHaveLength(10);
});

test.each([
  [[], 2, 'there is nothing to show'],
  [['/no/such/place'], 1, 'There is no batch job in /no/such/place'],
  [['--queue', 'x'], 2, 'Expected redis://host:port'],
])('refuses %j', async (args, exit, message) => {
  const { code, stderr } = await bigtransfer(['status', ...args]);
  expect(stderr).toContain(message);
  expect(code).toBe(exit);
});
