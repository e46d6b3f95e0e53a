// A worker: takes parts of jobs from a queue and does them, until it is told to stop.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import type { Job as QueuedPart, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { boolean, callback, count, text, type Check } from '../../config/checks';
import { checkDevice } from '../../config/model_options';
import { checkOptions, only } from '../../config/options';
import { forCaller } from '../../errors';
import { LOAD_CHECKS, type LoadOptions } from '../../models/load_options';
import { onAbort, throwIfAborted } from '../../signal';
import { ProgressMeter } from '../progress';
import { PREFIX, QUEUE, type PartTicket } from './part_queue';
import { connectRedis, hangUp, inTime, loadQueues } from './redis';
import { BEAT_MS, beat, isCancelled, signOff, type BatchWorker } from './registry';
import { Rests } from './rests';
import { Workshop } from './workshop';

/**
 * What a worker tells of itself.
 * @category Batch jobs
 */
export type BatchWorkerEvent =
  | {
      /** It waits for parts. */
      type: 'ready';
      /** What it is called. */
      name: string;
    }
  | {
      /**
       * A part is begun; or goes back to the queue, on the worker's way out.
       */
      type: 'taken' | 'returned';
      /** Where the job's rows go. */
      output: string;
      /** Its number, from 0. */
      part: number;
    }
  | {
      /** A part is done. */
      type: 'done';
      /** Where the job's rows go. */
      output: string;
      /** Its number, from 0. */
      part: number;
      /** Its rows; null where somebody else was quicker, or the job was begun anew or taken off the queue. */
      rows: number | null;
    }
  | {
      /** A part is tried again, here or elsewhere, unless that has been done often enough. */
      type: 'failed';
      /** Where the job's rows go. */
      output: string;
      /** Its number, from 0. */
      part: number;
      /** What went wrong. */
      error: Error;
    }
  | {
      /** The connection to the queue is gone, or there again. */
      type: 'lost' | 'back';
    };

/**
 * Of {@link runWorker}. What is run, and with which settings, is the jobs' own.
 * @category Batch jobs
 */
export interface BatchWorkerOptions extends Pick<
  LoadOptions,
  'device' | 'threads' | 'cacheDir' | 'token' | 'localFilesOnly' | 'onProgress'
> {
  /** Where Redis is: `redis://host:port`, or `rediss://` with TLS. */
  queue: string;
  /** Parts that are taken at once, default 2: so the model does not wait between them. */
  concurrency?: number;
  /** What batchStatus() calls it; default its host and process id. */
  name?: string;
  /** After how many milliseconds without a sign of life its parts are others'; default 60,000. */
  lockMs?: number;
  /** Called as things happen. */
  onWorkerEvent?: (event: BatchWorkerEvent) => void;
  /** Stops it: its parts go back to the queue, and runWorker() resolves. */
  signal?: AbortSignal;
}

const lock: Check = {
  expected: 'an integer from 1000',
  test: (value) => Number.isSafeInteger(value) && (value as number) >= 1000,
};
const { device, threads, cacheDir, token, onProgress, signal: aSignal } = LOAD_CHECKS;
/** How this machine runs models. */
const EQUIPMENT_CHECKS = {
  ...{ device, threads, cacheDir, token, onProgress },
  localFilesOnly: boolean,
};
const WORKER_CHECKS = {
  ...EQUIPMENT_CHECKS,
  queue: text,
  concurrency: count,
  name: text,
  lockMs: lock,
  onWorkerEvent: callback,
  signal: aSignal,
};

const DEFAULT_CONCURRENCY = 2;
const DEFAULT_LOCK_MS = 60_000;
/** A part is taken over each time its worker dies: that is no fault of the part. */
const TAKEN_OVER_WITHOUT_END = 1_000_000_000;
/** For giving parts back; without Redis they are others' once their locks run out. */
const GOODBYE_MS = 8000;
/** Between two parts that are left to others: all of a long job's are to be looked at, and Redis not kept busy. */
const PUT_OFF_MS = 20;

/**
 * Takes parts of batch jobs from a queue and does them, until its signal aborts. Any number of workers
 * may come and go: the parts of one that dies are taken over by others, and each part counts once,
 * whoever did it.
 * @throws BitError ERR_BIT_CONFIG and ERR_BIT_DEVICE for wrong options, ERR_BIT_QUEUE where the queue
 *   cannot be reached at first. What goes wrong with parts is told by `onWorkerEvent` and batchStatus().
 * @category Batch jobs
 */
export function runWorker(options: BatchWorkerOptions): Promise<void> {
  return forCaller(async () => {
    const { signal, ...given } = checkOptions<BatchWorkerOptions>(options, WORKER_CHECKS);
    checkDevice(given.device);
    const redis = await connected(given.queue as string, signal);
    if (redis === null) return;
    const shift = new Shift(redis, given);
    try {
      await aborted(signal);
    } finally {
      await shift.end();
    }
  });
}

/** Null where the worker is to stop before it has begun. */
async function connected(queue: string, signal: AbortSignal | undefined): Promise<Redis | null> {
  try {
    throwIfAborted(signal);
    return await connectRedis(queue, signal);
  } catch (error) {
    if (signal?.aborted) return null;
    throw error;
  }
}

async function aborted(signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    if (signal?.aborted) resolve();
    onAbort(signal, resolve);
  });
}

/** From the first part to the last one. */
class Shift {
  private readonly name: string;
  private readonly since = new Date().toISOString();
  private readonly stop = new AbortController();
  private readonly parts = new Map<string, { output: string; part: number }>();
  private rows = 0;
  private rate = 0;
  private readonly rests = new Rests();
  private problem: BatchWorker['problem'] = null;
  private readonly meter = new ProgressMeter(null, ({ done, rate }) => {
    this.rows = done;
    this.rate = rate;
  });
  private readonly workshop: Workshop;
  private readonly worker: Worker<PartTicket>;
  private readonly heart: NodeJS.Timeout;
  private readonly tell: (event: BatchWorkerEvent) => void;

  constructor(
    private readonly redis: Redis,
    options: Partial<BatchWorkerOptions>,
  ) {
    const { name, concurrency, lockMs = DEFAULT_LOCK_MS, onWorkerEvent } = options;
    this.name = name ?? `${hostname()}:${process.pid}-${randomUUID().slice(0, 4)}`;
    this.tell = (event) => {
      try {
        onWorkerEvent?.(event);
      } catch (error) {
        // The caller's own fault, of which the parts know nothing: Node tells of it.
        queueMicrotask(() => {
          throw error;
        });
      }
    };
    this.meter.start(0, {});
    this.workshop = new Workshop(only(options, EQUIPMENT_CHECKS), this.stop.signal, (code) =>
      this.meter.row(code),
    );
    const { Worker } = loadQueues().bullmq;
    this.worker = new Worker<PartTicket>(QUEUE, (part, token) => this.work(part, token), {
      connection: redis,
      prefix: PREFIX,
      name: this.name,
      concurrency: concurrency ?? DEFAULT_CONCURRENCY,
      lockDuration: lockMs,
      stalledInterval: lockMs / 2,
      maxStalledCount: TAKEN_OVER_WITHOUT_END,
    });
    this.watchConnection();
    this.heart = setInterval(() => this.beat(), BEAT_MS);
    this.beat();
    this.tell({ type: 'ready', name: this.name });
  }

  /** Gives back what it has. */
  async end(): Promise<void> {
    clearInterval(this.heart);
    this.stop.abort(new Error('the worker stops'));
    const goodbye = async () => {
      await this.worker.close();
      await signOff(this.redis, this.name);
    };
    await inTime(goodbye(), undefined, GOODBYE_MS);
    hangUp(this.redis);
    await this.workshop.close();
  }

  private async work(queued: QueuedPart<PartTicket>, token?: string): Promise<void> {
    const { output, part, job } = queued.data;
    const id = queued.id as string;
    const rest = this.rests.left(job);
    if (rest > 0) return this.putOff(queued, rest, token);
    if (await inTime(isCancelled(this.redis, job), false)) return;
    if (this.parts.size === 0) this.meter.resume();
    this.parts.set(id, { output, part });
    this.tell({ type: 'taken', output, part });
    try {
      const record = await this.workshop.run(queued.data);
      this.rests.succeeded(job);
      if (this.problem?.output === output) this.problem = null;
      this.tell({ type: 'done', output, part, rows: record?.rows ?? null });
    } catch (error) {
      if (this.stop.signal.aborted) {
        this.tell({ type: 'returned', output, part });
        await queued.moveToWait(token);
        throw new (loadQueues().bullmq.WaitingError)();
      }
      const { message } = error as Error;
      this.rests.failed(job);
      this.problem = { output, part, message };
      this.tell({ type: 'failed', output, part, error: error as Error });
      throw error;
    } finally {
      this.parts.delete(id);
    }
  }

  /** Leaves a part to others, which counts as no try; at times that are spread out, so that some are always due. */
  private async putOff(
    queued: QueuedPart<PartTicket>,
    rest: number,
    token?: string,
  ): Promise<never> {
    await wait(PUT_OFF_MS);
    await queued.moveToDelayed(Date.now() + rest * (0.5 + Math.random()), token);
    throw new (loadQueues().bullmq.DelayedError)();
  }

  /** Locks that are lost, and a connection that breaks, mend themselves. */
  private watchConnection(): void {
    let isLost = false;
    this.worker.on('error', () => undefined);
    this.redis.on('close', () => {
      if (!isLost && !this.stop.signal.aborted) this.tell({ type: 'lost' });
      isLost = true;
    });
    this.redis.on('ready', () => {
      if (isLost) this.tell({ type: 'back' });
      isLost = false;
    });
  }

  private beat(): void {
    if (this.redis.status !== 'ready') return;
    this.meter.end();
    const { name, since, rows, rate, problem } = this;
    const { device, underWay } = this.workshop;
    const parts = [...this.parts.values()];
    const { pid } = process;
    const host = hostname();
    beat(this.redis, {
      name,
      host,
      pid,
      device,
      since,
      parts,
      underWay,
      rows,
      rate,
      problem,
    }).catch(() => undefined);
  }
}
