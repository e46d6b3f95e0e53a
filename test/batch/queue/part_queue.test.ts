// Parts on a queue in Redis.
import { Worker } from 'bullmq';
import type { PartTicket } from '../../../lib/batch/queue/part_queue';
import { TestQueue, ticket, until } from '../../support/queue';

const queue = new TestQueue();

/** Takes all parts that there are. */
async function work(does: (data: PartTicket) => void): Promise<PartTicket[]> {
  const taken: PartTicket[] = [];
  const worker = new Worker<PartTicket>(
    'parts',
    ({ data }) => {
      taken.push(data);
      does(data);
      return Promise.resolve();
    },
    { connection: queue.redis, prefix: 'bigtransfer' },
  );
  await until('all are taken', async () => {
    const { active = 0, waiting = 0 } = await queue.counts();
    return taken.length > 0 && active + waiting === 0;
  });
  await worker.close();
  return taken;
}

const fails = () => {
  throw new Error('on purpose');
};

test('has each part once, however often it is added', async () => {
  const tickets = Array.from({ length: 1203 }, (_, part) => ticket(part));
  await queue.parts.add(tickets);
  await queue.parts.add(tickets.slice(600));
  expect(await queue.counts()).toEqual({ waiting: 1203 });
  await queue.parts.add([ticket(0, { job: 'another' })]);
  expect(await queue.counts()).toEqual({ waiting: 1204 });
});

test('gives workers all that they need', async () => {
  const given = ticket(3, { column: 'photo', base: '/home', running: { batchSize: 4 } });
  await queue.parts.add([given]);
  expect(await work(() => undefined)).toEqual([given]);
});

test('keeps nothing of a part that is done: it can be added again', async () => {
  await queue.parts.add([ticket(0)]);
  await work(() => undefined);
  expect(await queue.counts()).toEqual({});
  await queue.parts.add([ticket(0)]);
  expect(await queue.counts()).toEqual({ waiting: 1 });
});

test('tries a part that fails again, after a while', async () => {
  await queue.parts.add([ticket(0)]);
  await work(fails);
  expect(await queue.counts()).toEqual({ delayed: 1 });
  expect(await queue.parts.failures('a-job')).toEqual([]);
});

test('tells of parts that were given up, job by job, until they are forgiven', async () => {
  const { UnrecoverableError } = jest.requireActual<typeof import('bullmq')>('bullmq');
  await queue.parts.add([ticket(2), ticket(1), ticket(1, { job: 'another' })]);
  await work(({ part }) => {
    throw new UnrecoverableError(`no ${part}`);
  });
  expect(await queue.parts.failures('a-job')).toEqual([
    { part: 1, reason: 'no 1', attempts: 1 },
    { part: 2, reason: 'no 2', attempts: 1 },
  ]);
  await queue.parts.add([ticket(1)]);
  expect(await queue.counts()).toEqual({ failed: 3 });
  await queue.parts.forgive('a-job');
  expect(await queue.parts.failures('a-job')).toEqual([]);
  expect(await queue.parts.failures('another')).toHaveLength(1);
  await queue.parts.add([ticket(1)]);
  expect(await queue.counts()).toEqual({ failed: 1, waiting: 1 });
});
