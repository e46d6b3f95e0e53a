// What Redis knows beside the parts: which jobs there are, and which workers, who say so every few seconds.
import type { Redis } from 'ioredis';
import { PREFIX } from './part_queue';

/**
 * A worker that was heard of in the last seconds.
 * @category Batch jobs
 */
export interface BatchWorker {
  /** Unique; its host and process id by default. */
  name: string;
  /** The machine's name. */
  host: string;
  /** Of its process. */
  pid: number;
  /** Where its model runs; null while it has none. */
  device: string | null;
  /** When it began, as ISO 8601. */
  since: string;
  /** Parts that it has taken and not done yet. */
  parts: {
    /** Where the job's rows go. */
    output: string;
    /** Its number, from 0. */
    part: number;
  }[];
  /** Rows of its parts that are not done, by the ids of their jobs. */
  underWay: Record<string, number>;
  /** Rows since it began. */
  rows: number;
  /** Rows a second, of late. */
  rate: number;
  /** The last part that failed here, while no other of its job has been done since; null without one. */
  problem: {
    /** Where the job's rows go. */
    output: string;
    /** Its number, from 0. */
    part: number;
    /** What went wrong. */
    message: string;
  } | null;
}

/** A job that somebody has put on the queue, until it is done. */
export interface QueuedJob {
  id: string;
  output: string;
}

const JOBS = `${PREFIX}:jobs`;
const WORKERS = `${PREFIX}:workers`;
const keyOf = (name: string) => `${PREFIX}:worker:${name}`;
const cancelledKey = (id: string) => `${PREFIX}:cancelled:${id}`;
/** How long it is known that a job was taken off: a worker that slept may bring a part of it back. */
const CANCELLED_MS = 7 * 24 * 3600 * 1000;

/** How often workers are heard of, and how long they are taken to be there, in milliseconds. */
export const BEAT_MS = 2000;
const GONE_MS = 15_000;

/** Says that a worker is there, and what it does. */
export async function beat(redis: Redis, worker: BatchWorker): Promise<void> {
  await redis
    .multi()
    .sadd(WORKERS, worker.name)
    .set(keyOf(worker.name), JSON.stringify(worker), 'PX', GONE_MS)
    .exec();
}

export async function signOff(redis: Redis, name: string): Promise<void> {
  await redis.multi().srem(WORKERS, name).del(keyOf(name)).exec();
}

/** In the order of their names. */
export async function readWorkers(redis: Redis): Promise<BatchWorker[]> {
  const names = (await redis.smembers(WORKERS)).sort();
  if (names.length === 0) return [];
  const texts = await redis.mget(names.map(keyOf));
  const gone = names.filter((_, at) => texts[at] === null);
  if (gone.length > 0) await redis.srem(WORKERS, ...gone);
  return texts.flatMap((text) => (text === null ? [] : [JSON.parse(text) as BatchWorker]));
}

export async function registerJob(redis: Redis, { id, output }: QueuedJob): Promise<void> {
  await redis.multi().hset(JOBS, id, output).del(cancelledKey(id)).exec();
}

export async function forgetJob(redis: Redis, id: string): Promise<void> {
  await redis.hdel(JOBS, id);
}

/** Has workers drop what they still find of a job. */
export async function markCancelled(redis: Redis, id: string): Promise<void> {
  await redis.multi().hdel(JOBS, id).set(cancelledKey(id), '1', 'PX', CANCELLED_MS).exec();
}

export async function isCancelled(redis: Redis, id: string): Promise<boolean> {
  return (await redis.exists(cancelledKey(id))) === 1;
}

export async function readJobs(redis: Redis): Promise<QueuedJob[]> {
  const jobs = await redis.hgetall(JOBS);
  return Object.entries(jobs).map(([id, output]) => ({ id, output }));
}
