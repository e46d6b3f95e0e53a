// What stats() makes of the counts that the native side keeps.
import type { NativeStats } from '../../lib/binding/types';
import { toModelStats } from '../../lib/models/stats';

const latency = [
  { upToMs: 1, count: 3 },
  { upToMs: 2, count: 6 },
  { upToMs: 4, count: 0 },
  { upToMs: Infinity, count: 1 },
];
const NATIVE: NativeStats = {
  waiting: 1,
  running: 2,
  completed: 10,
  failed: 4,
  cancelled: 5,
  rejected: 6,
  batches: [{ images: 4, count: 2 }],
  latency,
  latencyTotalMs: 25,
  bytes: 7,
};
const latencyOf = (more: Partial<NativeStats>) => toModelStats({ ...NATIVE, ...more }).latency;

test('each number has its place', () => {
  expect(toModelStats(NATIVE)).toEqual({
    queue: { waiting: 1, running: 2 },
    calls: { completed: 10, failed: 4, cancelled: 5, rejected: 6 },
    batches: [{ images: 4, count: 2 }],
    latency: { meanMs: 2.5, p50Ms: 2, p90Ms: 2, p99Ms: Infinity, buckets: latency },
    memory: { bytes: 7 },
  });
});

test('a percentile is the bound of the bucket in which so many calls have been', () => {
  const buckets = [8, 16, 32].map((upToMs, i) => ({ upToMs, count: [50, 40, 10][i] as number }));
  const all = { latency: buckets, completed: 100, latencyTotalMs: 1500 };
  expect(latencyOf(all)).toMatchObject({ meanMs: 15, p50Ms: 8, p90Ms: 16, p99Ms: 32 });
  const one = { latency: buckets.slice(2), completed: 1, latencyTotalMs: 20 };
  expect(latencyOf(one)).toMatchObject({ meanMs: 20, p50Ms: 32, p90Ms: 32, p99Ms: 32 });
});

test('before the first call all are 0', () => {
  const none = latency.map(({ upToMs }) => ({ upToMs, count: 0 }));
  expect(latencyOf({ completed: 0, latency: none, latencyTotalMs: 0 })).toEqual({
    meanMs: 0,
    p50Ms: 0,
    p90Ms: 0,
    p99Ms: 0,
    buckets: none,
  });
});
