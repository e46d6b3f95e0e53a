// Puts the parts of a job on a queue, and watches until workers have done them all.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { callback } from '../../config/checks';
import { DEFAULT_MODEL } from '../../config/defaults';
import { checkOptions } from '../../config/options';
import { BitError, forCaller, invalid } from '../../errors';
import { throwIfAborted } from '../../signal';
import { forgetFailed, readDone, readDoneParts, type DonePart } from '../job/done';
import { readJob, type Job } from '../job/journal';
import { finishJob, type Manifest } from '../job/manifest';
import { openOwnJob } from '../job/open';
import { checkBatchOptions, type BatchJobOptions, type CheckedOptions } from '../options';
import { writeReport } from '../report';
import { progressOf } from '../status/job_progress';
import { openStore, placeOf } from '../store/open';
import type { Store } from '../store/store';
import { PartQueue, type PartFailure, type PartTicket } from './part_queue';
import { asked, connectRedis, hangUp, inTime } from './redis';
import { dropJob } from './cancel';
import { forgetJob, isCancelled, readWorkers, registerJob, type BatchWorker } from './registry';

/**
 * Of {@link enqueueBatch}: those of {@link batch}. How and where the model runs is the workers' own.
 * @category Batch jobs
 */
export interface EnqueueOptions extends Omit<BatchJobOptions, 'shard'> {
  /** Where Redis is: `redis://host:port`, or `rediss://` with TLS. */
  queue: string;
  /** A folder that all workers have under the same path, or `s3://bucket/prefix`. */
  output: string;
  /** Called every second with all workers that are there, each with the last part that failed on it. */
  onWorkers?: (workers: BatchWorker[]) => void;
}

/** How often it is looked what is done, in milliseconds. */
const LOOK_MS = 1000;
/** Every how many looks the parts that are left are put on the queue again: Redis may have lost some. */
const LOOKS_TO_ADDING = 30;

/**
 * Has workers ({@link runWorker}) do a batch job: puts its parts on a queue, and resolves when each of
 * them is done. Ending it ends no work: the same call watches again, and puts the parts on the queue
 * that were given up.
 * @returns what is written to `_manifest.json`.
 * @throws BitError ERR_BIT_CONFIG for wrong options, ERR_BIT_OUTPUT where the output cannot be written or
 *   belongs to another job, or the job is there no more, ERR_BIT_QUEUE where the queue cannot be reached
 *   at first, where workers gave up parts, and where somebody takes the job off it ({@link cancelBatch});
 *   the signal's reason.
 * @category Batch jobs
 */
export function enqueueBatch(options: EnqueueOptions): Promise<Manifest> {
  return forCaller(async () => {
    const { checked, queue, onWorkers } = checkEnqueueOptions(options);
    const { signal } = checked;
    throwIfAborted(signal);
    const redis = await connectRedis(queue, signal);
    const parts = new PartQueue(redis);
    try {
      const output = placeOf(checked.job.output as string);
      const store = openStore(output);
      if (checked.job.restart) await dropOld(store, parts, redis);
      const job = await openOwnJob(store, checked);
      if (checked.job.retryFailed) await forgetFailed(store, job, await readDoneParts(store, job));
      const watched = {
        job,
        store,
        output,
        parts,
        redis,
        tickets: ticketsOf(job, output, checked),
      };
      const begin = async () => {
        await registerJob(redis, { id: job.id, output });
        await parts.forgive(job.id);
      };
      await asked(begin(), signal);
      for (;;) {
        await watch(watched, checked, onWorkers);
        const done = await readDoneParts(store, job);
        const manifest = await finishJob(store, job, done);
        if (manifest === null) continue; // somebody has deleted files of parts that were done
        await inTime(forgetJob(redis, job.id), undefined);
        if (checked.job.report) await writeReport(store, job, done, signal);
        return manifest;
      }
    } finally {
      await inTime(parts.close(), undefined);
      hangUp(redis);
    }
  });
}

interface Watched {
  job: Job;
  store: Store;
  /** Where that is, for all workers. */
  output: string;
  parts: PartQueue;
  redis: Redis;
  /** One for each part. */
  tickets: PartTicket[];
}

/**
 * @throws BitError ERR_BIT_QUEUE once all parts that are left were given up, or the job was cancelled,
 *   ERR_BIT_OUTPUT once it is there no more; the signal's reason.
 */
async function watch(
  watched: Watched,
  { job: options, signal }: CheckedOptions,
  onWorkers: EnqueueOptions['onWorkers'],
): Promise<void> {
  const { job, store, output, parts, redis, tickets } = watched;
  const done = new Map<number, DonePart>();
  let workers: BatchWorker[] = [];
  for (let looks = 0; ; looks++) {
    await expectThere(watched);
    await readDone(store, job, done);
    workers = await inTime(readWorkers(redis), workers);
    onWorkers?.(workers);
    options.onJobProgress?.(progressOf(job, done, workers));
    const left = tickets.filter(({ part }) => !done.has(part));
    if (left.length === 0) return;
    const failures = await inTime(parts.failures(job.id), []);
    expectHope(failures, left, store);
    const add = async () => {
      await parts.add(left);
      if (looks > 0) await registerJob(redis, { id: job.id, output });
    };
    if (looks === 0) await asked(add(), signal);
    else if (looks % LOOKS_TO_ADDING === 0) await inTime(add(), undefined);
    await wait(LOOK_MS, null, { signal }).catch(() => throwIfAborted(signal));
  }
}

/** @throws BitError where the job was cancelled, deleted or begun anew. */
async function expectThere({ job, store, parts, redis }: Watched): Promise<void> {
  if (await inTime(isCancelled(redis, job.id), false))
    throw new BitError(
      'ERR_BIT_QUEUE',
      `Somebody has taken the job of ${store.place} off the queue, or begun it anew`,
    );
  if ((await readJob(store))?.id === job.id) return;
  await inTime(dropJob(redis, parts, job.id), undefined);
  const message = `The job of ${store.place} is there no more: somebody has deleted it, or begun it anew`;
  throw new BitError('ERR_BIT_OUTPUT', message);
}

function expectHope(failures: PartFailure[], left: PartTicket[], { place }: Store): void {
  const lost = failures.filter((each) => left.some(({ part }) => part === each.part));
  const [first] = lost;
  if (first === undefined || lost.length < left.length) return;
  throw new BitError(
    'ERR_BIT_QUEUE',
    `Workers gave up ${lost.length} of the parts of ${place}, part ${first.part} after ${first.attempts} ` +
      `${first.attempts === 1 ? 'try' : 'tries'}: ${first.reason}. All others are done. Mend that, and begin the same job again`,
  );
}

/** What the job that is about to be deleted has on the queue. */
async function dropOld(store: Store, parts: PartQueue, redis: Redis): Promise<void> {
  const old = await readJob(store).catch(() => null); // a broken one is deleted too
  if (old) await dropJob(redis, parts, old.id);
}

interface CheckedEnqueueOptions extends Pick<EnqueueOptions, 'queue' | 'onWorkers'> {
  checked: CheckedOptions;
}

function checkEnqueueOptions(options: EnqueueOptions): CheckedEnqueueOptions {
  if (typeof options !== 'object' || options === null)
    throw invalid('ERR_BIT_CONFIG', 'options', 'an object', options);
  const { queue, onWorkers: given, ...rest } = options;
  const { onWorkers } = checkOptions({ onWorkers: given }, { onWorkers: callback });
  const checked = checkBatchOptions(rest);
  if (checked.job.output === undefined)
    throw invalid('ERR_BIT_CONFIG', 'output', 'a path that all workers share', undefined);
  if (checked.job.shard.count === 1) return { checked, queue, onWorkers };
  throw new BitError(
    'ERR_BIT_CONFIG',
    'With a queue there are no shards: workers take the parts as they come',
  );
}

function ticketsOf(job: Job, output: string, { job: options, engine }: CheckedOptions) {
  const { column, retries } = options;
  const { batchSize, timeoutMs } = engine;
  const shared = {
    output,
    job: job.id,
    base: process.cwd(),
    model: modelPlace(options.model),
    ...(column !== undefined && { column }),
    retries,
    running: { batchSize, timeoutMs },
  };
  return job.plan.parts.map((_, part): PartTicket => ({ ...shared, part }));
}

/** Hub ids, URLs and the package's own model are the same everywhere. */
function modelPlace(source: string): string {
  const isPath = source !== DEFAULT_MODEL && existsSync(source);
  return isPath ? resolve(source) : source;
}
