// Options of pipelines: of their calls, and of pipeline(), which takes those of calls for all of them.
import {
  anything,
  boolean,
  callPriority,
  count,
  isObject,
  positive,
  type Check,
} from '../config/checks';
import { DEFAULT_BATCH_SIZE } from '../config/defaults';
import type { BitImageProcessorFields } from '../config/image_processor';
import { checkOptions, defined } from '../config/options';
import type { LoadOptions } from '../models/load_options';
import type { BatchOptions } from './batches';
import { functionToApply, type FunctionToApply } from './scores';

/** The signal is checked where it is used. */
const CALL_CHECKS = {
  batchSize: count,
  signal: anything,
  priority: callPriority,
  gpuDecode: boolean,
  timeoutMs: positive,
  imageProcessorKwargs: { expected: 'an object', test: isObject },
  ahead: count,
};
/** Per task. */
export const CLASSIFICATION_CHECKS = { ...CALL_CHECKS, topK: count, functionToApply };
export const FEATURE_CHECKS = { ...CALL_CHECKS, pool: boolean };

export interface PipelineCallOptions {
  /** Images that go through the network together; default 8. */
  batchSize?: number;
  /** Ends the call, which then rejects with its reason. */
  signal?: AbortSignal;
  /** Images of a higher priority are resized and go through the network first: -1000 to 1000, default 0. */
  priority?: number;
  /** Whether JPEGs are decoded by a GPU that runs the model; see {@link PreprocessOptions}. Default false. */
  gpuDecode?: boolean;
  /** How long the server of a URL may be silent, in milliseconds; default 30,000. */
  timeoutMs?: number;
  /** Fields of the image processor, for this call alone, such as `{ size: { height: 100, width: 100 } }`. */
  imageProcessorKwargs?: Partial<BitImageProcessorFields>;
  /**
   * Of settled(): how many images may be taken ahead of the one that is told; default three batches.
   * More keep all cores busy while one image takes long. Those that are read at once stay as many.
   */
  ahead?: number;
}

/**
 * Of a classification.
 * @category Pipelines
 */
export interface ClassificationOptions extends PipelineCallOptions {
  /** How many labels to return, best first; default 5, at most as many as there are. */
  topK?: number;
  /**
   * What makes scores of logits. Default as transformers: 'sigmoid' for multi-label models and those
   * with one label, else 'softmax'.
   */
  functionToApply?: FunctionToApply | null;
}

/**
 * Of a feature extraction.
 * @category Pipelines
 */
export interface FeatureExtractionOptions extends PipelineCallOptions {
  /** Return the pooled features [N, C, 1, 1] rather than the last hidden state [N, C, h, w]; default false. */
  pool?: boolean;
}

/**
 * Of pipeline(): how to load the model, and what calls do that do not say otherwise.
 * @category Pipelines
 */
export type PipelineOptions<CallOptions> = LoadOptions & Omit<CallOptions, 'signal' | 'priority'>;

/** The options of loading, and those of calls, checked. */
export function divided(options: object | null, checks: Record<string, Check>) {
  const isOfCalls = ([name]: [string, unknown]) =>
    Object.hasOwn(checks, name) && name !== 'signal' && name !== 'priority';
  const entries = Object.entries(options ?? {});
  return {
    loading: Object.fromEntries(entries.filter((each) => !isOfCalls(each))) as LoadOptions,
    defaults: checkOptions(
      Object.fromEntries(entries.filter(isOfCalls)),
      checks,
    ) as PipelineCallOptions,
  };
}

/** A call's options over the pipeline's own; the image processor's field by field, as in transformers. */
export function over<Options extends PipelineCallOptions>(
  defaults: Options,
  given: Options,
): Options {
  const imageProcessorKwargs = {
    ...defaults.imageProcessorKwargs,
    ...defined(given.imageProcessorKwargs ?? {}),
  };
  return { ...defaults, ...defined(given), imageProcessorKwargs };
}

/** What a call's batches are given. */
export function withDefaults({
  batchSize = DEFAULT_BATCH_SIZE,
  signal,
  priority,
  gpuDecode,
  timeoutMs,
  imageProcessorKwargs,
  ahead,
}: PipelineCallOptions): BatchOptions {
  return { batchSize, signal, priority, gpuDecode, timeoutMs, imageProcessorKwargs, ahead };
}
