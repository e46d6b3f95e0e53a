// A queue in a Redis of its own for a test file, and what the tests of queues look for.
import type { Redis } from 'ioredis';
import { PartQueue, type PartTicket } from '../../lib/batch/queue/part_queue';
import { connectRedis } from '../../lib/batch/queue/redis';
import { RedisServer } from './redis_server';

/** Started before the first test of the file, emptied before each, gone after the last. */
export class TestQueue {
  readonly server = new RedisServer();
  redis!: Redis;
  parts!: PartQueue;

  constructor() {
    beforeAll(async () => {
      await this.server.start();
      this.redis = await connectRedis(this.server.url);
      this.parts = new PartQueue(this.redis);
    });
    beforeEach(() => this.redis.flushall());
    afterAll(async () => {
      await this.parts.close();
      this.redis.disconnect();
      await this.server.remove();
    });
  }

  get url(): string {
    return this.server.url;
  }

  /** How many parts there are in each state that has any. */
  async counts(): Promise<Record<string, number>> {
    const { Queue } = jest.requireActual<typeof import('bullmq')>('bullmq');
    const queue = new Queue('parts', { connection: this.redis, prefix: 'bigtransfer' });
    const counts = await queue.getJobCounts();
    await queue.close();
    return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
  }
}

export const ticket = (part: number, more: Partial<PartTicket> = {}): PartTicket => ({
  output: '/rows',
  job: 'a-job',
  part,
  base: '/',
  model: 'a model',
  retries: 0,
  running: {},
  ...more,
});

/** Waits until something is so. */
export async function until(what: string, test: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 30_000; !(await test()); await wait(20))
    if (Date.now() > end) throw new Error(`waited too long until ${what}`);
}

export const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Code and message of what is thrown. */
export const failure = (work: Promise<unknown>) =>
  work.then(
    () => 'nothing was thrown',
    ({ code, message }: NodeJS.ErrnoException) => `${code}: ${message}`,
  );
