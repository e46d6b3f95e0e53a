// What can be asked of a model besides its configuration, checked in one place.
import type { BatchLimits } from '../binding/types';
import { checkBatching, type BatchingOptions } from '../config/batching';
import { anything, boolean, callback, count, oneOf, text } from '../config/checks';
import { checkOptions, only, type OptionChecks } from '../config/options';
import { invalid } from '../errors';
import type { PretrainedOptions } from '../hub/options';

const DEVICE = /^(auto|cpu|cuda(:(\d+|all))?)$/;
const DTYPES = ['auto', 'float32', 'bfloat16', 'float16'] as const;

export type Device = 'auto' | 'cpu' | 'cuda' | 'cuda:all' | `cuda:${number}`;
export type ComputeDType = (typeof DTYPES)[number];

export interface ModelOptions {
  /**
   * Where the network runs: 'auto' (default) is the first GPU where CUDA works, else the CPU;
   * 'cuda:all' puts a copy on each GPU and shares batches out.
   */
  device?: Device;
  /**
   * Type that the network computes in, default 'float32': transformers' numbers. 'auto' is the
   * fastest of the device: on GPUs bfloat16, or float16 below compute capability 8.0.
   */
  dtype?: ComputeDType;
  /** Compute threads of one call on the CPU; default all that the process may use. */
  threads?: number;
  /**
   * Whether convolutions in float32 on GPUs may round their factors to TF32, as PyTorch's do;
   * default true.
   */
  allowTf32?: boolean;
  /** How calls in flight together are gathered; false for one at a time. */
  batching?: BatchingOptions | false;
}

/** For what takes a source; its signal and revision are checked where they are used. */
export const PRETRAINED_CHECKS: OptionChecks<PretrainedOptions> = {
  revision: anything,
  subfolder: anything,
  cacheDir: text,
  token: text,
  localFilesOnly: boolean,
  onProgress: callback,
  signal: anything,
};

/** For what runs a model; device and batching are checked by checkModelOptions(). */
export const MODEL_CHECKS: OptionChecks<ModelOptions> = {
  device: anything,
  dtype: oneOf(...DTYPES),
  threads: count,
  allowTf32: boolean,
  batching: anything,
};

/** The same as the addon takes them: `threads` 0 is all of them. */
export type NativeModelOptions = Required<Omit<ModelOptions, 'batching'>> & {
  batching: BatchLimits;
};

/**
 * Fills in defaults.
 * @throws BitError ERR_BIT_DEVICE for the device, ERR_BIT_CONFIG for another option.
 */
export function checkModelOptions(options: ModelOptions): NativeModelOptions {
  const { device = 'auto' } = options;
  if (typeof device !== 'string' || !DEVICE.test(device)) {
    throw invalid(
      'ERR_BIT_DEVICE',
      'device',
      "'auto', 'cpu', 'cuda', 'cuda:N' or 'cuda:all'",
      device,
    );
  }
  const own = only(options, MODEL_CHECKS);
  const { dtype = 'float32', threads = 0, allowTf32 = true } = checkOptions(own, MODEL_CHECKS);
  return {
    device,
    dtype,
    threads,
    allowTf32,
    batching: checkBatching(options.batching, threads),
  };
}
