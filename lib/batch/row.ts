// What a job says of each of its inputs.
import type { BitErrorCode } from '../errors';
import type { Classification } from '../pipelines/scores';

/** Of an input that gave no result. */
export interface RowError {
  /** Such as ERR_BIT_IMAGE. */
  code: BitErrorCode;
  /** What is wrong with the input, without its path. */
  message: string;
}

/**
 * One input and what became of it.
 * @category Batch jobs
 */
export type BatchRow =
  | {
      /** The input, as it was given or found; in a shard, the shard's path and the name in it. */
      path: string;
      /** The best labels first. */
      predictions: Classification[];
      /** There is none. */
      embedding?: undefined;
      /** There is none. */
      error?: undefined;
    }
  | {
      /** The input, as it was given or found; in a shard, the shard's path and the name in it. */
      path: string;
      /** There are none. */
      predictions?: undefined;
      /** The pooled features, one number for each channel of the last stage. */
      embedding: Float32Array;
      /** There is none. */
      error?: undefined;
    }
  | {
      /** The input, as it was given or found; in a shard, the shard's path and the name in it. */
      path: string;
      /** There are none. */
      predictions?: undefined;
      /** There is none. */
      embedding?: undefined;
      /** Why there is no result. */
      error: RowError;
    };
