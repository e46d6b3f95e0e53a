// What can be asked of a model besides its configuration, checked in one place.
import type { BatchLimits } from '../binding/types';
import { invalid } from '../errors';
import { checkBatching, type BatchingOptions } from './batching';
import { anything, boolean, count, oneOf } from './checks';
import { DEFAULT_DEVICE, DEFAULT_DTYPE } from './defaults';
import { checkOptions, only, type OptionChecks } from './options';

const DEVICE = /^(auto|cpu|cuda(:(\d+|all))?)$/;
/**
 * What a model can be asked to compute in; 'auto' is the fastest of its device.
 * @category Models
 */
export const COMPUTE_DTYPES = ['auto', 'float32', 'bfloat16', 'float16'] as const;

/**
 * Where something runs: `'cuda'` is `'cuda:0'`, the first GPU; `'cuda:all'` is for models alone.
 * @category Models
 */
export type Device = 'auto' | 'cpu' | 'cuda' | 'cuda:all' | `cuda:${number}`;
/**
 * One of {@link COMPUTE_DTYPES}.
 * @category Models
 */
export type ComputeDType = (typeof COMPUTE_DTYPES)[number];

/**
 * How a model runs.
 * @category Models
 */
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

/** For what runs a model; device and batching are checked by checkModelOptions(). */
export const MODEL_CHECKS: OptionChecks<ModelOptions> = {
  device: anything,
  dtype: oneOf(...COMPUTE_DTYPES),
  threads: count,
  allowTf32: boolean,
  batching: anything,
};

/**
 * Of fromConfig(): how the model runs, and what its weights are drawn from.
 * @category Models
 */
export interface FromConfigOptions extends ModelOptions {
  /** Same seed, same weights; default 0. */
  seed?: number;
}

/** For what draws weights afresh; the seed is checked by checkSeed(). */
export const FROM_CONFIG_CHECKS: OptionChecks<FromConfigOptions> = {
  ...MODEL_CHECKS,
  seed: anything,
};

/** The same as the addon takes them: `threads` 0 is all of them. */
export type NativeModelOptions = Required<Omit<ModelOptions, 'batching'>> & {
  batching: BatchLimits;
};

/**
 * Whether such a device can be asked for; whether it is there is another question.
 * @category Models
 */
export function isDevice(value: unknown): value is Device {
  return typeof value === 'string' && DEVICE.test(value);
}

/** @throws BitError ERR_BIT_DEVICE for what is none. */
export function checkDevice(device: unknown = DEFAULT_DEVICE): Device {
  if (isDevice(device)) return device;
  const expected = "'auto', 'cpu', 'cuda', 'cuda:N' or 'cuda:all'";
  throw invalid('ERR_BIT_DEVICE', 'device', expected, device);
}

/**
 * Fills in defaults.
 * @throws BitError ERR_BIT_DEVICE for the device, ERR_BIT_CONFIG for another option.
 */
export function checkModelOptions(options: ModelOptions): NativeModelOptions {
  const device = checkDevice(options.device);
  const own = only(options, MODEL_CHECKS);
  const { dtype = DEFAULT_DTYPE, threads = 0, allowTf32 = true } = checkOptions(own, MODEL_CHECKS);
  return {
    device,
    dtype,
    threads,
    allowTf32,
    batching: checkBatching(options.batching, threads),
  };
}

/** Largest seed that crosses the boundary exactly. */
const MAX_SEED = Number.MAX_SAFE_INTEGER;

/** @throws BitError ERR_BIT_CONFIG for what is no seed. */
export function checkSeed(seed = 0): number {
  if (Number.isSafeInteger(seed) && seed >= 0) return seed;
  throw invalid('ERR_BIT_CONFIG', 'seed', `an integer from 0 to ${MAX_SEED}`, seed);
}
