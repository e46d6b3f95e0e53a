// The parts of jobs that are to be done, as jobs of one BullMQ queue; each is there once at most.
import type { Job as QueuedPart, JobType, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { EngineOptions } from '../options';
import { loadQueues } from './redis';

/** What a worker is told of a part; all else is under the output. */
export interface PartTicket {
  /** The output, as an absolute path or s3://. */
  output: string;
  /** The job's id. */
  job: string;
  part: number;
  /** The folder that relative paths start from. */
  base: string;
  /** Where the model is: an absolute path, or a hub id. */
  model: string;
  column?: string;
  retries: number;
  /** How it is to be run, of what rows do not depend on. */
  running: Pick<EngineOptions, 'batchSize' | 'timeoutMs'>;
}

/** A part that was given up. */
export interface PartFailure {
  /** Its number, from 0. */
  part: number;
  /** What went wrong at last. */
  reason: string;
  /** How often it was tried. */
  attempts: number;
}

export const QUEUE = 'parts';
/** Before all of our keys in Redis. */
export const PREFIX = 'bigtransfer';
/** With waits of 1, 2, 4 … 64 s between them: a server that restarts is back by then. */
const ATTEMPTS = 8;
const FIRST_WAIT_MS = 1000;
/** Parts that are added, or read, by one request. */
const AT_ONCE = 500;

export class PartQueue {
  private readonly queue: Queue<PartTicket>;

  constructor(client: Redis) {
    const { Queue } = loadQueues().bullmq;
    this.queue = new Queue(QUEUE, { connection: client, prefix: PREFIX });
    // Connections come back by themselves.
    this.queue.on('error', () => undefined);
  }

  /** Those that are there already, in work or given up, stay as they are. */
  async add(tickets: readonly PartTicket[]): Promise<void> {
    for (let at = 0; at < tickets.length; at += AT_ONCE) {
      const some = tickets.slice(at, at + AT_ONCE);
      await this.queue.addBulk(
        some.map((data) => ({
          name: 'part',
          data,
          opts: {
            jobId: idOf(data),
            attempts: ATTEMPTS,
            backoff: { type: 'exponential', delay: FIRST_WAIT_MS },
            // The id is free again; whether a part is done is written under the output alone.
            removeOnComplete: true,
            removeOnFail: false,
          },
        })),
      );
    }
  }

  /** Parts of a job that were given up, in order. */
  async failures(job: string): Promise<PartFailure[]> {
    const failed = await this.failed(job);
    return failed
      .map(({ data, failedReason, attemptsMade }) => ({
        part: data.part,
        reason: failedReason,
        attempts: attemptsMade,
      }))
      .sort((a, b) => a.part - b.part);
  }

  /** Forgets that parts of a job were given up: they can be added again. */
  async forgive(job: string): Promise<void> {
    for (const each of await this.failed(job)) await each.remove();
  }

  /** Forgets all parts of a job that nobody is at work on. */
  async drop(job: string): Promise<void> {
    const there = await this.partsOf(job, ['wait', 'delayed', 'failed']);
    // One that somebody has taken meanwhile stays: it is locked.
    for (const each of there) await each.remove().catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.queue.close();
  }

  private failed(job: string): Promise<QueuedPart<PartTicket>[]> {
    return this.partsOf(job, ['failed']);
  }

  private async partsOf(job: string, states: JobType[]): Promise<QueuedPart<PartTicket>[]> {
    const found: QueuedPart<PartTicket>[] = [];
    for (const state of states)
      for (let at = 0; ; at += AT_ONCE) {
        const some = await this.queue.getJobs([state], at, at + AT_ONCE - 1);
        // One that was removed meanwhile is undefined.
        found.push(...some.filter((each) => each?.data.job === job));
        if (some.length < AT_ONCE) break;
      }
    return found;
  }
}

const idOf = ({ job, part }: PartTicket) => `${job}-${part}`;
