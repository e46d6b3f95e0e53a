// Options of batching, their defaults and checks; what they do is in test/models/batching.test.ts.
import { availableParallelism } from 'node:os';
import { checkBatching, type BatchingOptions } from '../../lib/config/batching';

const USUAL = { maxBatch: 8, maxDelayMs: 0, maxQueue: 0 };

test.each<[BatchingOptions | false | undefined, number, object]>([
  [undefined, 4, USUAL],
  [{}, 8, USUAL],
  [{}, 12, { ...USUAL, maxBatch: 12 }],
  [undefined, 0, { ...USUAL, maxBatch: Math.max(8, availableParallelism()) }],
  [null as never, 4, USUAL],
  [false, 12, { ...USUAL, maxBatch: 1 }],
  [{ maxBatch: 3 }, 12, { ...USUAL, maxBatch: 3 }],
  [{ maxDelayMs: 0.5 }, 4, { ...USUAL, maxDelayMs: 0.5 }],
  [{ maxDelayMs: 0 }, 4, USUAL],
  [{ maxDelayMs: 60_000, maxQueue: 5 }, 4, { maxBatch: 8, maxDelayMs: 60_000, maxQueue: 5 }],
])('%j with %i threads', (batching, threads, limits) => {
  expect(checkBatching(batching, threads)).toEqual(limits);
});

test.each<[unknown, string]>([
  ['all', 'Expected an object or false for batching but received '],
  [true, 'Expected an object or false for batching but received true'],
  [[], 'Expected an object or false for batching but received []'],
  [0, 'Expected an object or false for batching but received 0'],
  [{ maxBatch: 0 }, 'for maxBatch but received 0'],
  [{ maxQueue: 1.5 }, 'for maxQueue but received 1.5'],
  [{ maxDelayMs: -1 }, 'a number of milliseconds from 0 to 60000 for maxDelayMs but received -1'],
  [{ maxDelayMs: 60_001 }, 'for maxDelayMs but received 60001'],
  [{ maxDelayMs: NaN }, 'for maxDelayMs but received NaN'],
  [{ maxDelayMs: '5' }, "for maxDelayMs but received '5'"],
  [{ maxBatchs: 3 }, "did you mean 'maxBatch'?"],
])('%j is refused', (batching, words) => {
  expect(() => checkBatching(batching as BatchingOptions, 4)).toThrow(
    expect.objectContaining({
      code: 'ERR_BIT_CONFIG',
      message: expect.stringContaining(words) as string,
    }) as Error,
  );
});
