// What model.stats() tells.
import type { NativeStats } from '../binding/types';

/**
 * One bar of the histogram of latencies.
 * @category Watching
 */
export interface LatencyBucket {
  /** Upper bound in milliseconds; Infinity in the last one. */
  upToMs: number;
  /** Completed calls between the last bound and this one. */
  count: number;
}

/**
 * Since the weights were loaded, over all who share them.
 * @category Watching
 */
export interface ModelStats {
  /** Now. */
  queue: {
    /** Calls that wait. */
    waiting: number;
    /** Calls that are on their way through the network. */
    running: number;
  };
  /** How many ended how. */
  calls: {
    /** With an answer. */
    completed: number;
    /** With an error of their own. */
    failed: number;
    /** By a signal, dispose({ cancel: true }) or the end of their worker. */
    cancelled: number;
    /** Those that a full queue refused. */
    rejected: number;
  };
  /** How many batches there were of each number of images. */
  batches: {
    /** Images that ran together. */
    images: number;
    /** Such batches. */
    count: number;
  }[];
  /** Completed calls by the time from the call to its answer. */
  latency: {
    /** Mean in milliseconds; 0 before the first call. */
    meanMs: number;
    /** Half of the calls took at most so long: the upper bound of the bucket that the percentile lies in. */
    p50Ms: number;
    /** The same for nine in ten. */
    p90Ms: number;
    /** The same for 99 in 100. */
    p99Ms: number;
    /** The histogram, the shortest first. */
    buckets: LatencyBucket[];
  };
  /** Of weights and buffers. */
  memory: {
    /** Bytes. */
    bytes: number;
  };
}

export function toModelStats(native: NativeStats): ModelStats {
  const { waiting, running, completed, failed, cancelled, rejected } = native;
  const percentile = (share: number) => bucketOf(native.latency, share * completed);
  return {
    queue: { waiting, running },
    calls: { completed, failed, cancelled, rejected },
    batches: native.batches,
    latency: {
      meanMs: completed > 0 ? native.latencyTotalMs / completed : 0,
      p50Ms: percentile(0.5),
      p90Ms: percentile(0.9),
      p99Ms: percentile(0.99),
      buckets: native.latency,
    },
    memory: { bytes: native.bytes },
  };
}

/** The upper bound of the bucket in which the count reaches `rank`; 0 before the first call. */
function bucketOf(buckets: LatencyBucket[], rank: number): number {
  if (rank === 0) return 0;
  let total = 0;
  for (const { upToMs, count } of buckets) {
    total += count;
    if (total >= rank) return upToMs;
  }
  return Infinity;
}
