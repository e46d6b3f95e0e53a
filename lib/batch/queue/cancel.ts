// Takes jobs off the queue: their parts are forgotten, and what workers still find of them is dropped.
import type { Redis } from 'ioredis';
import { text } from '../../config/checks';
import { checkOptions } from '../../config/options';
import { BitError, forCaller, invalid } from '../../errors';
import { LOAD_CHECKS } from '../../models/load_options';
import { throwIfAborted } from '../../signal';
import { placeOf } from '../store/open';
import { PartQueue } from './part_queue';
import { asked, connectRedis, hangUp, inTime } from './redis';
import { markCancelled, readJobs } from './registry';

/**
 * Of {@link cancelBatch}.
 * @category Batch jobs
 */
export interface CancelOptions {
  /** Where Redis is. */
  queue: string;
  /** Of the job, as it was given to enqueueBatch(); it need not be there any more. */
  output: string;
  /** Ends the call, which then rejects with its reason. */
  signal?: AbortSignal;
}

/**
 * Takes a batch job off its queue. Parts in work come to their end and count; no other one is begun.
 * What is done stays where it is, and the same {@link enqueueBatch} goes on with the rest.
 * @throws BitError ERR_BIT_CONFIG for wrong options, ERR_BIT_QUEUE where there is no such job on the
 *   queue, or the queue cannot be reached; the signal's reason.
 * @category Batch jobs
 */
export function cancelBatch(options: CancelOptions): Promise<void> {
  return forCaller(async () => {
    const checks = { queue: text, output: text, signal: LOAD_CHECKS.signal };
    const { queue = '', output, signal } = checkOptions<CancelOptions>(options, checks);
    if (output === undefined) throw invalid('ERR_BIT_CONFIG', 'output', 'a path', output);
    throwIfAborted(signal);
    const redis = await connectRedis(queue, signal);
    const parts = new PartQueue(redis);
    try {
      await asked(cancel(redis, parts, placeOf(output)), signal);
    } finally {
      await inTime(parts.close(), undefined);
      hangUp(redis);
    }
  });
}

/** No worker begins a part of it from now on. */
export async function dropJob(redis: Redis, parts: PartQueue, id: string): Promise<void> {
  await markCancelled(redis, id);
  await parts.drop(id);
}

async function cancel(redis: Redis, parts: PartQueue, output: string): Promise<void> {
  const registered = (await readJobs(redis)).filter((job) => job.output === output);
  for (const { id } of registered) await dropJob(redis, parts, id);
  if (registered.length > 0) return;
  const message = `There is no job of ${output} on the queue`;
  throw new BitError('ERR_BIT_QUEUE', `${message}: it is done, or was never there`);
}
