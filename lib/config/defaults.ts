// What holds where a caller says nothing: each default that more than one place needs.

/** The small model that ships in the package, and the name by which it is asked for. */
export const DEFAULT_MODEL = 'bit-mini-scenes';

/** Images that go through the network together: enough to fill a few cores, little to hold. */
export const DEFAULT_BATCH_SIZE = 8;

/** Labels that a classification returns, as transformers' pipeline. */
export const DEFAULT_TOP_K = 5;

/** How long the server of an image may be silent, in milliseconds. */
export const DEFAULT_TIMEOUT_MS = 30_000;

/** CUDA where it works, else the CPU. */
export const DEFAULT_DEVICE = 'auto';

/** transformers' numbers. */
export const DEFAULT_DTYPE = 'float32';
