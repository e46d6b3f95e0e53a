// How calls in flight together are gathered: options, defaults and checks.
import { availableParallelism } from 'node:os';
import type { BatchLimits } from '../binding/types';
import { count, isObject, type Check } from './checks';
import { DEFAULT_BATCH_SIZE } from './defaults';
import { checkOptions } from './options';
import { invalid } from '../errors';

/** A minute: whoever waits longer for company has mistaken the unit. */
const MOST_DELAY_MS = 60_000;

/**
 * How calls in flight together are gathered into batches.
 * @category Models
 */
export interface BatchingOptions {
  /**
   * Images that run together at most; default 8, or the number of compute threads where that is
   * more. Calls of as many images or more go alone.
   */
  maxBatch?: number;
  /**
   * How long a call waits for others while threads are free, in milliseconds; default 0: it starts
   * at once, and calls gather only while others run.
   */
  maxDelayMs?: number;
  /** Calls that may wait; with so many, further ones reject with ERR_BIT_OVERLOADED. Default: any number. */
  maxQueue?: number;
}

const delay: Check = {
  expected: `a number of milliseconds from 0 to ${MOST_DELAY_MS}`,
  test: (value) => typeof value === 'number' && value >= 0 && value <= MOST_DELAY_MS,
};

const CHECKS = { maxBatch: count, maxDelayMs: delay, maxQueue: count };

/**
 * Fills in defaults; false is one call at a time.
 * @throws BitError ERR_BIT_CONFIG naming the option that is wrong or, as it may be misspelt, unknown.
 */
export function checkBatching(
  batching: BatchingOptions | false | undefined,
  threads: number,
): BatchLimits {
  if (batching !== undefined && batching !== false && !isObject(batching ?? {}))
    throw invalid('ERR_BIT_CONFIG', 'batching', 'an object or false', batching);
  const given = checkOptions<BatchingOptions>(batching || null, CHECKS);
  const usual = Math.max(DEFAULT_BATCH_SIZE, threads || availableParallelism());
  const { maxBatch = usual, maxDelayMs = 0, maxQueue = 0 } = given;
  return { maxBatch: batching === false ? 1 : maxBatch, maxDelayMs, maxQueue };
}
