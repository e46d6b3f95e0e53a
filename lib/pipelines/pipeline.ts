// pipeline(): a model, its processor and the steps between an image and an answer.
import { DISPOSE_CHECKS, type DisposeOptions } from '../config/call_options';
import { DEFAULT_MODEL, DEFAULT_TOP_K } from '../config/defaults';
import { checkOptions, only } from '../config/options';
import { PRETRAINED_CHECKS } from '../config/pretrained_options';
import { BitError, invalid } from '../errors';
import type { ImageInput } from '../image/input';
import { BitForImageClassification } from '../models/bit_for_image_classification';
import { BitImageProcessor } from '../models/bit_image_processor';
import { BitModel } from '../models/bit_model';
import { LOAD_CHECKS } from '../models/load_options';
import { stageForModel } from '../models/staging';
import { Tensor } from '../tensor';
import { outputsOf, type BatchProcessor } from './batches';
import {
  CLASSIFICATION_CHECKS,
  FEATURE_CHECKS,
  divided,
  over,
  withDefaults,
  type ClassificationOptions,
  type FeatureExtractionOptions,
  type PipelineOptions,
} from './options';
import { rank, type Classification } from './scores';

export type Task = 'image-classification' | 'image-feature-extraction';

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
  options?: PipelineOptions<ClassificationOptions>,
): Promise<ImageClassificationPipeline>;
export function pipeline(
  task: 'image-feature-extraction',
  source?: string | null,
  options?: PipelineOptions<FeatureExtractionOptions>,
): Promise<ImageFeatureExtractionPipeline>;
export async function pipeline(
  task: Task,
  source?: string | null,
  options: PipelineOptions<ClassificationOptions | FeatureExtractionOptions> = {},
): Promise<ImageClassificationPipeline | ImageFeatureExtractionPipeline> {
  if (task !== 'image-classification' && task !== 'image-feature-extraction') {
    const known = "'image-classification' or 'image-feature-extraction'";
    throw invalid('ERR_BIT_CONFIG', 'task', known, task);
  }
  const from = source ?? DEFAULT_MODEL;
  const isClassifier = task === 'image-classification';
  const checks = isClassifier ? CLASSIFICATION_CHECKS : FEATURE_CHECKS;
  const { loading, defaults } = divided(options, checks);
  // Before anything is read: the model's own check would come after the processor.
  const ofSource = only(checkOptions(loading, LOAD_CHECKS), PRETRAINED_CHECKS);
  const processor = await BitImageProcessor.fromPretrained(from, ofSource);
  processor.with(defaults.imageProcessorKwargs ?? {}); // refuses what is wrong in it
  return isClassifier
    ? classifier(await BitForImageClassification.fromPretrained(from, loading), processor, defaults)
    : extractor(await BitModel.fromPretrained(from, loading), processor, defaults);
}

function classifier(
  model: BitForImageClassification,
  processor: BitImageProcessor,
  defaults: ClassificationOptions,
): ImageClassificationPipeline {
  const call = async (
    images: ImageInput | readonly ImageInput[],
    options: ClassificationOptions = {},
  ) => {
    const given = over(
      defaults,
      checkOptions<ClassificationOptions>(options, CLASSIFICATION_CHECKS),
    );
    const { topK = DEFAULT_TOP_K } = given;
    const list = Array.isArray(images) ? (images as ImageInput[]) : [images as ImageInput];
    const answers: Classification[][] = [];
    for await (const { logits } of outputsOf(
      list,
      ofBatches(processor),
      model,
      withDefaults(given),
    ))
      answers.push(...rank(logits, model.config, topK, given.functionToApply));
    return Array.isArray(images) ? answers : answers[0];
  };
  return withParts(call, 'image-classification', model, processor) as ImageClassificationPipeline;
}

function extractor(
  model: BitModel,
  processor: BitImageProcessor,
  defaults: FeatureExtractionOptions,
): ImageFeatureExtractionPipeline {
  const call = async (
    images: ImageInput | readonly ImageInput[],
    options: FeatureExtractionOptions = {},
  ) => {
    const given = over(defaults, checkOptions<FeatureExtractionOptions>(options, FEATURE_CHECKS));
    const { pool } = given;
    const list = Array.isArray(images) ? (images as ImageInput[]) : [images as ImageInput];
    const parts: Tensor<Float32Array>[] = [];
    for await (const output of outputsOf(list, ofBatches(processor), model, withDefaults(given)))
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

/** A user's processor as batches use it. */
function ofBatches(processor: BitImageProcessor): BatchProcessor {
  return {
    preprocess: (images, options) => processor.preprocess(images, options),
    stage: (images, options) => stageForModel(processor, images, options),
  };
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
    const { cancel } = checkOptions<DisposeOptions>(options, DISPOSE_CHECKS);
    disposed = true;
    if (!cancel) await Promise.allSettled(inFlight);
    await model.dispose(options);
  };
  const parts = { task, model, processor, dispose, [Symbol.asyncDispose]: () => dispose() };
  return Object.assign(call, parts);
}
