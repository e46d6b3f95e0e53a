// pipeline(): a model, its processor and the steps between an image and an answer.
import { anything, boolean, callPriority, count } from '../config/checks';
import { checkAllOptions } from '../config/options';
import { DEFAULT_MODEL } from '../config/variants';
import { BitError, invalid } from '../errors';
import type { ImageInput } from '../image/input';
import { BitForImageClassification } from '../models/bit_for_image_classification';
import { BitImageProcessor } from '../models/bit_image_processor';
import { BitModel } from '../models/bit_model';
import { DISPOSE_CHECKS, type DisposeOptions, type LoadOptions } from '../models/pretrained_model';
import { Tensor } from '../tensor';
import { outputsOf, type BatchOptions } from './batches';
import { rank, type Classification } from './scores';

/** Images that go through the network together unless the call says otherwise. */
const DEFAULT_BATCH_SIZE = 8;
const DEFAULT_TOP_K = 5;

/** The signal is checked where it is used. */
const CALL_CHECKS = {
  batchSize: count,
  signal: anything,
  priority: callPriority,
  gpuDecode: boolean,
};

export type Task = 'image-classification' | 'image-feature-extraction';

export interface PipelineCallOptions {
  /** Images that go through the network together; default 8. */
  batchSize?: number;
  signal?: AbortSignal;
  /** Images of a higher priority are resized and go through the network first; default 0. */
  priority?: number;
  /** Whether JPEGs are decoded by a GPU that runs the model; see PreprocessOptions. Default false. */
  gpuDecode?: boolean;
}

export interface ClassificationOptions extends PipelineCallOptions {
  /** How many labels to return, best first; default 5, at most as many as there are. */
  topK?: number;
}

export interface FeatureExtractionOptions extends PipelineCallOptions {
  /** Return the pooled features [N, C, 1, 1] rather than the last hidden state [N, C, h, w]. */
  pool?: boolean;
}

interface Disposable {
  readonly task: Task;
  readonly processor: BitImageProcessor;
  /**
   * Waits for the calls in flight, or stops them, and frees the model; later calls reject with
   * ERR_BIT_DISPOSED. May be called again.
   */
  dispose(options?: DisposeOptions): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface ImageClassificationPipeline extends Disposable {
  readonly model: BitForImageClassification;
  (image: ImageInput, options?: ClassificationOptions): Promise<Classification[]>;
  (images: readonly ImageInput[], options?: ClassificationOptions): Promise<Classification[][]>;
}

export interface ImageFeatureExtractionPipeline extends Disposable {
  readonly model: BitModel;
  (
    images: ImageInput | readonly ImageInput[],
    options?: FeatureExtractionOptions,
  ): Promise<Tensor<Float32Array>>;
}

/**
 * Loads a model and its processor for a task.
 * @param source a directory, a checkpoint file or a hub id; default the small model in the package.
 * @throws BitError as fromPretrained does, and ERR_BIT_CONFIG for an unknown task.
 */
export function pipeline(
  task: 'image-classification',
  source?: string | null,
  options?: LoadOptions,
): Promise<ImageClassificationPipeline>;
export function pipeline(
  task: 'image-feature-extraction',
  source?: string | null,
  options?: LoadOptions,
): Promise<ImageFeatureExtractionPipeline>;
export async function pipeline(
  task: Task,
  source?: string | null,
  options: LoadOptions = {},
): Promise<ImageClassificationPipeline | ImageFeatureExtractionPipeline> {
  if (task !== 'image-classification' && task !== 'image-feature-extraction') {
    const known = "'image-classification' or 'image-feature-extraction'";
    throw invalid('ERR_BIT_CONFIG', 'task', known, task);
  }
  const from = source ?? DEFAULT_MODEL;
  const processor = await BitImageProcessor.fromPretrained(from, options);
  return task === 'image-classification'
    ? classifier(await BitForImageClassification.fromPretrained(from, options), processor)
    : extractor(await BitModel.fromPretrained(from, options), processor);
}

function classifier(
  model: BitForImageClassification,
  processor: BitImageProcessor,
): ImageClassificationPipeline {
  const call = async (
    images: ImageInput | readonly ImageInput[],
    options: ClassificationOptions = {},
  ) => {
    const given = checkAllOptions<ClassificationOptions>(options, { ...CALL_CHECKS, topK: count });
    const { topK = DEFAULT_TOP_K } = given;
    const list = Array.isArray(images) ? (images as ImageInput[]) : [images as ImageInput];
    const answers: Classification[][] = [];
    for await (const { logits } of outputsOf(list, processor, model, withDefaults(given)))
      answers.push(...rank(logits, model.config, topK));
    return Array.isArray(images) ? answers : answers[0];
  };
  return withParts(call, 'image-classification', model, processor) as ImageClassificationPipeline;
}

function extractor(model: BitModel, processor: BitImageProcessor): ImageFeatureExtractionPipeline {
  const call = async (
    images: ImageInput | readonly ImageInput[],
    options: FeatureExtractionOptions = {},
  ) => {
    const given = checkAllOptions<FeatureExtractionOptions>(options, {
      ...CALL_CHECKS,
      pool: boolean,
    });
    const { pool } = given;
    const list = Array.isArray(images) ? (images as ImageInput[]) : [images as ImageInput];
    const parts: Tensor<Float32Array>[] = [];
    for await (const output of outputsOf(list, processor, model, withDefaults(given)))
      parts.push(pool ? output.poolerOutput : output.lastHiddenState);
    return concatenate(parts);
  };
  return withParts(
    call,
    'image-feature-extraction',
    model,
    processor,
  ) as ImageFeatureExtractionPipeline;
}

function withDefaults({
  batchSize = DEFAULT_BATCH_SIZE,
  signal,
  priority,
  gpuDecode,
}: PipelineCallOptions): BatchOptions {
  return { batchSize, signal, priority, gpuDecode };
}

function concatenate(parts: Tensor<Float32Array>[]): Tensor<Float32Array> {
  const [first] = parts as [Tensor<Float32Array>, ...Tensor<Float32Array>[]];
  if (parts.length === 1) return first;
  const data = new Float32Array(parts.reduce((total, part) => total + part.data.length, 0));
  let offset = 0;
  for (const part of parts) {
    data.set(part.data, offset);
    offset += part.data.length;
  }
  const count = parts.reduce((total, part) => total + (part.shape[0] as number), 0);
  return Tensor.from(data, [count, ...first.shape.slice(1)]);
}

/** A pipeline is a function that carries its parts, as in transformers.js. */
function withParts<M extends BitForImageClassification | BitModel>(
  run: (images: ImageInput | readonly ImageInput[], options?: object) => Promise<unknown>,
  task: Task,
  model: M,
  processor: BitImageProcessor,
) {
  const inFlight = new Set<Promise<unknown>>();
  let disposed = false;
  const call = async (images: ImageInput | readonly ImageInput[], options?: object) => {
    if (disposed) throw new BitError('ERR_BIT_DISPOSED', 'The pipeline has been disposed of');
    const answers = run(images, options);
    inFlight.add(answers);
    try {
      return await answers;
    } finally {
      inFlight.delete(answers);
    }
  };
  const dispose = async (options?: DisposeOptions) => {
    const { cancel } = checkAllOptions<DisposeOptions>(options, DISPOSE_CHECKS);
    disposed = true;
    if (!cancel) await Promise.allSettled(inFlight);
    await model.dispose(options);
  };
  const parts = { task, model, processor, dispose, [Symbol.asyncDispose]: () => dispose() };
  return Object.assign(call, parts);
}
