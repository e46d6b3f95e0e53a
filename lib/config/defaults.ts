// What holds where a caller says nothing: each default that more than one place needs.

/**
 * The small model that ships in the package, and the name by which it is asked for.
 * @category Pipelines
 */
export const DEFAULT_MODEL = 'bit-mini-scenes';

/**
 * Images that go through the network together: enough to fill a few cores, little to hold.
 * @category Pipelines
 */
export const DEFAULT_BATCH_SIZE = 8;

/**
 * Labels that a classification returns, as transformers' pipeline.
 * @category Pipelines
 */
export const DEFAULT_TOP_K = 5;

/**
 * How long the server of an image may be silent, in milliseconds.
 * @category Images
 */
export const DEFAULT_TIMEOUT_MS = 30_000;

/**
 * CUDA where it works, else the CPU.
 * @category Models
 */
export const DEFAULT_DEVICE = 'auto';

/**
 * transformers' numbers.
 * @category Models
 */
export const DEFAULT_DTYPE = 'float32';
