// What can be asked of a model besides its configuration, checked in one place.
import { invalid } from '../errors';

const DEVICE = /^(auto|cpu|cuda(:\d+)?)$/;
const DTYPES = ['auto', 'float32', 'bfloat16', 'float16'] as const;

export type Device = 'auto' | 'cpu' | 'cuda' | `cuda:${number}`;
export type ComputeDType = (typeof DTYPES)[number];

export interface ModelOptions {
  /** Where the network runs; 'auto' (default) is the best that works, today the CPU. */
  device?: Device;
  /** Type that the network computes in, default 'float32': transformers' numbers. */
  dtype?: ComputeDType;
  /** Compute threads of one call; default all that the process may use. */
  threads?: number;
}

/**
 * Fills in defaults.
 * @throws BitError ERR_BIT_DEVICE for the device, ERR_BIT_CONFIG for another option.
 */
export function checkModelOptions(options: ModelOptions): Required<ModelOptions> {
  const { device = 'auto', dtype = 'float32', threads = 0 } = options;
  if (typeof device !== 'string' || !DEVICE.test(device)) {
    throw invalid('ERR_BIT_DEVICE', 'device', "'auto', 'cpu', 'cuda' or 'cuda:N'", device);
  }
  if (!DTYPES.includes(dtype)) {
    throw invalid('ERR_BIT_CONFIG', 'dtype', `one of ${DTYPES.join(', ')}`, dtype);
  }
  if (!Number.isSafeInteger(threads) || threads < 0) {
    throw invalid('ERR_BIT_CONFIG', 'threads', 'a positive integer', threads);
  }
  return { device, dtype, threads };
}
