// Which jobs and workers there are.
import {
  beat,
  forgetJob,
  readJobs,
  readWorkers,
  registerJob,
  signOff,
  type BatchWorker,
} from '../../../lib/batch/queue/registry';
import { TestQueue } from '../../support/queue';

const queue = new TestQueue();

const worker = (name: string): BatchWorker => ({
  name,
  host: 'a host',
  pid: 1,
  device: 'cpu',
  since: '2026-01-01T00:00:00.000Z',
  parts: [{ output: '/rows', part: 3 }],
  underWay: { job: 5 },
  rows: 10,
  rate: 2.5,
  problem: null,
});

test('tells of workers as they last said, in order of their names', async () => {
  await beat(queue.redis, worker('b'));
  await beat(queue.redis, worker('a'));
  await beat(queue.redis, { ...worker('b'), rows: 20 });
  expect(await readWorkers(queue.redis)).toEqual([worker('a'), { ...worker('b'), rows: 20 }]);
});

test('forgets workers that sign off, and those that are not heard of any more', async () => {
  for (const name of ['a', 'b', 'c']) await beat(queue.redis, worker(name));
  await signOff(queue.redis, 'a');
  const left = await queue.redis.pttl('bigtransfer:worker:b');
  expect(left).toBeGreaterThan(10_000);
  expect(left).toBeLessThanOrEqual(15_000);
  await queue.redis.pexpire('bigtransfer:worker:b', 1);
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect((await readWorkers(queue.redis)).map(({ name }) => name)).toEqual(['c']);
  expect(await queue.redis.smembers('bigtransfer:workers')).toEqual(['c']);
});

test('knows jobs until they are forgotten', async () => {
  expect(await readWorkers(queue.redis)).toEqual([]);
  expect(await readJobs(queue.redis)).toEqual([]);
  await registerJob(queue.redis, { id: '1', output: '/a' });
  await registerJob(queue.redis, { id: '2', output: 's3://b/c' });
  await registerJob(queue.redis, { id: '1', output: '/a' });
  await forgetJob(queue.redis, '1');
  expect(await readJobs(queue.redis)).toEqual([{ id: '2', output: 's3://b/c' }]);
});
