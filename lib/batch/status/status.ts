// What becomes of batch jobs: of one under an output, and of those on a queue with the workers that do them.
import type { Redis } from 'ioredis';
import { text } from '../../config/checks';
import { checkOptions } from '../../config/options';
import { BitError, forCaller } from '../../errors';
import { LOAD_CHECKS } from '../../models/load_options';
import { throwIfAborted } from '../../signal';
import { readDone } from '../job/done';
import { readJob } from '../job/journal';
import { PartQueue, type PartFailure } from '../queue/part_queue';
import { asked, connectRedis, hangUp, inTime } from '../queue/redis';
import { readJobs, readWorkers, type BatchWorker } from '../queue/registry';
import type { BatchProgress } from '../progress';
import { openStore, placeOf } from '../store/open';
import { progressOf } from './job_progress';

/**
 * Of {@link batchStatus}: one of them at least.
 * @category Batch jobs
 */
export interface BatchStatusOptions {
  /** The output of a job, on this machine alone or with a queue. */
  output?: string;
  /** Where Redis is. Without an output, all jobs on it that are not done are told of. */
  queue?: string;
  /** Ends the call, which then rejects with its reason. */
  signal?: AbortSignal;
}

/**
 * One job.
 * @category Batch jobs
 */
export interface BatchJobStatus {
  /** Where its rows go. */
  output: string;
  /** Its own, unlike any other's. */
  id: string;
  /** What is done with the pictures. */
  task: string;
  /** The model, as it was asked for. */
  model: string;
  /** When it began, as ISO 8601. */
  started: string;
  /** Numbered files of rows, or what is to become of them. */
  parts: {
    /** All of them. */
    total: number;
    /** Those that are complete. */
    done: number;
  };
  /** With a queue, rows of parts that are under way count too, and the rate is that of the workers. */
  progress: BatchProgress;
  /** Parts that workers gave up; the same enqueueBatch() has them tried again. */
  failures: PartFailure[];
}

/**
 * What {@link batchStatus} tells.
 * @category Batch jobs
 */
export interface BatchStatus {
  /** The one in the output, or those on the queue. */
  jobs: BatchJobStatus[];
  /** Jobs on the queue whose output cannot be read from here, and why. */
  unseen: {
    /** Where its rows go. */
    output: string;
    /** The job's own. */
    id: string;
    /** Why it cannot be read. */
    reason: string;
  }[];
  /** Those of the queue; none without one. */
  workers: BatchWorker[];
}

/**
 * How far batch jobs are.
 * @throws BitError ERR_BIT_CONFIG where neither output nor queue is given, ERR_BIT_OUTPUT where there
 *   is no job in the output, ERR_BIT_QUEUE where the queue cannot be reached; the signal's reason.
 * @category Batch jobs
 */
export function batchStatus(options: BatchStatusOptions): Promise<BatchStatus> {
  return forCaller(async () => {
    const checks = { output: text, queue: text, signal: LOAD_CHECKS.signal };
    const { output, queue, signal } = checkOptions<BatchStatusOptions>(options, checks);
    throwIfAborted(signal);
    if (queue === undefined) {
      if (output !== undefined) return alone(output);
      throw new BitError('ERR_BIT_CONFIG', 'Expected an output or a queue, or both');
    }
    const redis = await connectRedis(queue, signal);
    const parts = new PartQueue(redis);
    try {
      return await asked(onQueue(redis, parts, output), signal);
    } finally {
      await inTime(parts.close(), undefined);
      hangUp(redis);
    }
  });
}

async function alone(output: string): Promise<BatchStatus> {
  const found = await jobStatus(output, null, null);
  if (found === null) throw noJob(output);
  return { jobs: [found], unseen: [], workers: [] };
}

async function onQueue(
  redis: Redis,
  parts: PartQueue,
  output: string | undefined,
): Promise<BatchStatus> {
  const workers = await readWorkers(redis);
  const status: BatchStatus = { jobs: [], unseen: [], workers };
  if (output !== undefined) {
    const found = await jobStatus(placeOf(output), workers, parts);
    if (found === null) throw noJob(output);
    return { ...status, jobs: [found] };
  }
  for (const { id, output } of await readJobs(redis)) {
    const found = await jobStatus(output, workers, parts).catch((error: Error) => error);
    if (found === null || found instanceof Error)
      status.unseen.push({ output, id, reason: (found ?? noJob(output)).message });
    // Nobody was watching as it came to its end.
    else if (found.id === id && found.parts.done < found.parts.total) status.jobs.push(found);
  }
  return status;
}

async function jobStatus(
  output: string,
  workers: readonly BatchWorker[] | null,
  parts: PartQueue | null,
): Promise<BatchJobStatus | null> {
  const store = openStore(output);
  const job = await readJob(store);
  if (job === null) return null;
  const done = await readDone(store, job);
  const failures = (await parts?.failures(job.id)) ?? [];
  return {
    output,
    id: job.id,
    task: job.settings.task,
    model: job.settings.model.source,
    started: job.created,
    parts: { total: job.plan.parts.length, done: done.size },
    progress: progressOf(job, done, workers),
    failures: failures.filter(({ part }) => !done.has(part)),
  };
}

function noJob(output: string): BitError {
  return new BitError('ERR_BIT_OUTPUT', `There is no batch job in ${output}`);
}
