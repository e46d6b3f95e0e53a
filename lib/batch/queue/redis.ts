// The door to Redis and to BullMQ's queues in it, which load when the first queue is opened.
import { setTimeout as wait } from 'node:timers/promises';
import type * as BullMQ from 'bullmq';
import type { Redis, RedisOptions } from 'ioredis';
import { BitError, invalid } from '../../errors';
import { orAborted, throwIfAborted } from '../../signal';

/** How long a server may take to answer at first. */
const PATIENCE_MS = 10_000;
/** Between two tries to reach it again; without end, since it may be a restart. */
const MOST_WAIT_MS = 2000;

interface Modules {
  bullmq: typeof BullMQ;
  Redis: new (url: string, options: RedisOptions) => Redis;
}

/* eslint-disable @typescript-eslint/no-require-imports -- imports would load them at once */

/** @throws BitError ERR_BIT_QUEUE where they are not installed. */
export function loadQueues(): Modules {
  try {
    const bullmq = require('bullmq') as Modules['bullmq'];
    const { Redis } = require('ioredis') as Pick<Modules, 'Redis'>;
    return { bullmq, Redis };
  } catch (cause) {
    throw new BitError(
      'ERR_BIT_QUEUE',
      'Queues need the bullmq and ioredis packages, which do not load here: run `npm install bullmq ioredis`',
      { cause },
    );
  }
}

/* eslint-enable */

export const isRedisUrl = (url: unknown): url is string =>
  typeof url === 'string' && /^rediss?:\/\/[^/]/.test(url) && URL.canParse(url);

/**
 * A connection that lasts: when the server goes away, what is asked of it waits until it is back.
 * @throws BitError ERR_BIT_CONFIG for what is no URL of Redis, ERR_BIT_QUEUE where nobody answers
 *   there or the password is wrong; the signal's reason.
 */
export async function connectRedis(url: string, signal?: AbortSignal): Promise<Redis> {
  throwIfAborted(signal);
  if (!isRedisUrl(url)) throw invalid('ERR_BIT_CONFIG', 'queue', "'redis://host:port'", url);
  const client = openLine(url);
  let last: Error | null = null;
  client.on('error', (error: Error) => (last = error));
  try {
    await orAborted(answers(client), signal);
    return client;
  } catch (error) {
    hangUp(client);
    signal?.throwIfAborted();
    throw new BitError('ERR_BIT_QUEUE', `Cannot use the queue at ${shown(url)}: ${why(last)}`, {
      cause: last ?? error,
    });
  }
}

/** What there is to a connection: those that BullMQ made of it, and whether it is to end. */
interface Line {
  copies: Redis[];
  isOver: boolean;
}

const lines = new WeakMap<Redis, Line>();

/** Of these options copies are made too. */
function openLine(url: string): Redis {
  const { Redis } = loadQueues();
  const line: Line = { copies: [], isOver: false };
  const client = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: null,
    retryStrategy: (times) =>
      line.isOver ? null : Math.min(100 * 2 ** Math.min(times, 10), MOST_WAIT_MS),
  });
  const duplicate = client.duplicate.bind(client);
  client.duplicate = (override) => {
    const copy = duplicate(override);
    line.copies.push(copy);
    return copy;
  };
  lines.set(client, line);
  return client;
}

/** Ends a connection and those that were made of it, also while the server is away. */
export function hangUp(client: Redis): void {
  const line = lines.get(client) as Line;
  line.isOver = true;
  for (const each of [client, ...line.copies]) {
    const isBetweenTries = each.status === 'reconnecting' || each.status === 'close';
    each.disconnect();
    // Only a try that fails ends it then: what waits for answers is told so, and BullMQ's timers end.
    if (isBetweenTries)
      each.connect().then(
        () => each.disconnect(),
        () => undefined,
      );
  }
}

/** What Redis may take to answer where all goes on without an answer, in milliseconds. */
const ANSWER_MS = 5000;

/** What Redis answers; `otherwise` where it fails or takes too long: it may be on its way back. */
export async function inTime<T>(answer: Promise<T>, otherwise: T, ms = ANSWER_MS): Promise<T> {
  answer.catch(() => undefined);
  const late = new AbortController();
  const patience = wait(ms, otherwise, { signal: late.signal });
  patience.catch(() => undefined);
  try {
    return await Promise.race([answer, patience]);
  } catch {
    return otherwise;
  } finally {
    late.abort();
  }
}

/**
 * What is asked of Redis.
 * @throws BitError ERR_BIT_QUEUE for what Redis itself refuses; the signal's reason.
 */
export async function asked<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
  work.catch(() => undefined); // nobody may wait for it
  try {
    throwIfAborted(signal);
    return await orAborted(work, signal);
  } catch (cause) {
    if (cause instanceof BitError || signal?.aborted) throw cause;
    const message = `The queue refuses: ${(cause as Error).message}`;
    throw new BitError('ERR_BIT_QUEUE', message, { cause });
  }
}

async function answers(client: Redis): Promise<void> {
  // It goes on trying by itself.
  client.connect().catch(() => undefined);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer')), PATIENCE_MS);
    client.on('error', (error: Error) => {
      if (isRefusal(error)) reject(error);
    });
  });
  try {
    await Promise.race([client.ping(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Trying again would not help. */
const isRefusal = ({ message }: Error) => /NOAUTH|WRONGPASS|NOPERM|invalid password/i.test(message);

function why(error: (Error & { code?: string }) | null): string {
  if (error === null) return `no answer within ${PATIENCE_MS / 1000} s`;
  if (isRefusal(error)) return `the server refuses the user or the password (${error.message})`;
  if (error.code === 'ECONNREFUSED') return 'nobody answers there: is Redis running?';
  if (error.code === 'ENOTFOUND') return 'there is no such host';
  return error.message;
}

/** Without its password. */
function shown(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
