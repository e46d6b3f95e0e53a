// How far a job is.
import type { DonePart } from '../../../lib/batch/job/done';
import type { Job } from '../../../lib/batch/job/journal';
import type { BatchWorker } from '../../../lib/batch/queue/registry';
import { progressOf } from '../../../lib/batch/status/job_progress';
import { SETTINGS } from '../../support/jobs';

const NOW = Date.parse('2026-06-01T12:00:00Z');
/** Ten inputs: three parts of three, and one. */
const job: Job = {
  base: '/',
  id: 'this',
  created: '',
  settings: SETTINGS,
  plan: { file: '', digest: '', inputs: 10, shards: 0, parts: [[0, 1], [1, 2], [2, 3], [3, 4]] }, // prettier-ignore
};
const sharded: Job = { ...job, plan: { ...job.plan, shards: 1 } };

/** Parts, each done so many seconds ago in `seconds`. */
const done = (...ended: { ago: number; seconds?: number; rows?: number }[]) =>
  new Map(
    ended.map(({ ago, seconds = 10, rows = 3 }, part): [number, DonePart] => [
      part,
      {
        ...{ part, rows, seconds, files: [], worker: 'w', errors: { ERR_BIT_IMAGE: 1 } },
        finished: new Date(NOW - 1000 * ago).toISOString(),
      } as unknown as DonePart,
    ]),
  );
const worker = (underWay: Record<string, number>, rate: number) =>
  ({ underWay, rate }) as unknown as BatchWorker;

test('without a queue: rows of parts that are done, at the rate of late', () => {
  expect(progressOf(job, done({ ago: 20 }, { ago: 5, seconds: 15 }), null, NOW)).toEqual({
    done: 6,
    total: 10,
    errors: { ERR_BIT_IMAGE: 2 },
    rate: 6 / 25, // the first began 30 s ago, the last one ended 5 s ago
    secondsLeft: 4 / (6 / 25),
  });
});

test('nobody is at work where no part has ended for long', () => {
  const late = progressOf(job, done({ ago: 301 }), null, NOW);
  expect(late).toMatchObject({ done: 3, rate: 0, secondsLeft: null });
  expect(progressOf(job, done({ ago: 16, seconds: 4 }), null, NOW).rate).toBe(0);
  expect(progressOf(job, done({ ago: 14, seconds: 4 }), null, NOW).rate).toBeCloseTo(3 / 4);
  expect(progressOf(job, done({ ago: 29 }), null, NOW).rate).toBeCloseTo(3 / 10);
  expect(progressOf(job, done({ ago: 31 }), null, NOW).rate).toBe(0);
});

test('with a queue: rows under way count, at the rate of those who have some', () => {
  const workers = [worker({ this: 2 }, 4), worker({ other: 5 }, 100), worker({ this: 1 }, 1)];
  expect(progressOf(job, done({ ago: 9 }), workers, NOW)).toMatchObject({
    done: 6,
    rate: 5,
    secondsLeft: 4 / 5,
  });
});

test('without workers the rate is none, whatever was done of late', () => {
  expect(progressOf(job, done({ ago: 1 }), [], NOW)).toMatchObject({ rate: 0, secondsLeft: null });
  const fresh = [worker({ this: 1 }, 0)];
  expect(progressOf(job, done({ ago: 10 }), fresh, NOW).rate).toBeCloseTo(3 / 10);
});

test('never tells of more rows than there will be', () => {
  const same = [worker({ this: 3 }, 1), worker({ this: 3 }, 1)];
  const three = done({ ago: 1 }, { ago: 1 }, { ago: 1 });
  expect(progressOf(job, three, same, NOW)).toMatchObject({ done: 10, secondsLeft: 0 });
});

test('knows no total of shards before the end', () => {
  const part = { ago: 10, rows: 500 };
  expect(progressOf(sharded, done(part), null, NOW)).toMatchObject({
    done: 500,
    total: null,
    secondsLeft: null,
  });
  expect(progressOf(sharded, done(part, part, part, part), null, NOW)).toMatchObject({
    done: 2000,
    total: 2000,
    rate: 0,
    secondsLeft: 0,
  });
});

test('a job of nothing is done', () => {
  const empty = { ...job, plan: { ...job.plan, inputs: 0, parts: [] } };
  expect(progressOf(empty, new Map(), null, NOW)).toEqual({
    ...{ done: 0, total: 0, errors: {}, rate: 0, secondsLeft: 0 },
  });
});
