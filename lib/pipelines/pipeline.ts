// pipeline(): a model, its processor and the steps between an image and an answer.
import { DEFAULT_MODEL, DEFAULT_TOP_K } from '../config/defaults';
import type { ImageProcessorData } from '../config/image_processor';
import { checkOptions, only } from '../config/options';
import { PRETRAINED_CHECKS } from '../config/pretrained_options';
import { invalid } from '../errors';
import type { ImageInput } from '../image/input';
import { BitForImageClassification } from '../models/bit_for_image_classification';
import { BitImageProcessor } from '../models/bit_image_processor';
import { BitModel } from '../models/bit_model';
import type { BitModelOutput, ImageClassifierOutput } from '../models/outputs';
import { LOAD_CHECKS } from '../models/load_options';
import { pixelValuesFor, stageForModel } from '../models/staging';
import type { Tensor } from '../tensor';
import { outputsOf, type BatchProcessor } from './batches';
import { concatenate, rowsOf } from './features';
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
import { withParts, type Many, type PipelineParts, type Task } from './parts';
import { rank, type Classification } from './scores';
import { settledOf } from './settled';

export type { Task };

/**
 * What pipeline('image-classification') gives: a function of images that carries its model.
 * @category Pipelines
 */
export interface ImageClassificationPipeline extends PipelineParts<
  ClassificationOptions,
  Classification[]
> {
  /** The model that runs; dispose of the pipeline, not of it. */
  readonly model: BitForImageClassification;
  /**
   * The labels of one image, best first.
   * @throws BitError ERR_BIT_IMAGE for an image that cannot be read, and what the model's forward()
   *   rejects with; the signal's reason.
   */
  (image: ImageInput, options?: ClassificationOptions): Promise<Classification[]>;
  /**
   * The labels of several images, in their order.
   * @throws BitError ERR_BIT_IMAGE whose `index` is the bad image's place, and what the model's
   *   forward() rejects with; the signal's reason. settled() sets bad images aside instead.
   */
  (images: readonly ImageInput[], options?: ClassificationOptions): Promise<Classification[][]>;
}

/**
 * What pipeline('image-feature-extraction') gives: a function of images that carries its model.
 * @category Pipelines
 */
export interface ImageFeatureExtractionPipeline extends PipelineParts<
  FeatureExtractionOptions,
  Tensor<Float32Array>
> {
  /** The model that runs; dispose of the pipeline, not of it. */
  readonly model: BitModel;
  /**
   * Features of one image or several: the last hidden state [N, C, h, w], or with `pool` [N, C, 1, 1].
   * @throws BitError ERR_BIT_IMAGE whose `index` is the bad image's place, and what the model's
   *   forward() rejects with; the signal's reason.
   */
  (
    images: ImageInput | readonly ImageInput[],
    options?: FeatureExtractionOptions,
  ): Promise<Tensor<Float32Array>>;
}

/**
 * Loads a model and its processor for a task.
 * @param source a directory, a checkpoint file or a hub id; default the small model in the package.
 * @throws BitError as fromPretrained does, and ERR_BIT_CONFIG for an unknown task.
 * @category Pipelines
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
  const asked = (options: ClassificationOptions) => {
    const given = over(
      defaults,
      checkOptions<ClassificationOptions>(options, CLASSIFICATION_CHECKS),
    );
    const { topK = DEFAULT_TOP_K, functionToApply } = given;
    const resultsOf = ({ logits }: ImageClassifierOutput) =>
      rank(logits, model.config, topK, functionToApply);
    return { options: withDefaults(given), resultsOf };
  };
  const call = async (
    images: ImageInput | readonly ImageInput[],
    given: ClassificationOptions = {},
  ) => {
    const { options, resultsOf } = asked(given);
    const answers: Classification[][] = [];
    for await (const output of outputsOf(images, ofBatches(processor), model, options))
      answers.push(...resultsOf(output));
    return Array.isArray(images) ? answers : answers[0];
  };
  const settled = (images: Many, given: ClassificationOptions = {}) =>
    settledOf(images, { processor: ofBatches(processor), model, ...asked(given) });
  return withParts(
    { call, settled },
    'image-classification',
    model,
    processor,
    defaults,
  ) as ImageClassificationPipeline;
}

function extractor(
  model: BitModel,
  processor: BitImageProcessor,
  defaults: FeatureExtractionOptions,
): ImageFeatureExtractionPipeline {
  const asked = (options: FeatureExtractionOptions) => {
    const given = over(defaults, checkOptions<FeatureExtractionOptions>(options, FEATURE_CHECKS));
    const featuresOf = ({ poolerOutput, lastHiddenState }: BitModelOutput) =>
      given.pool ? poolerOutput : lastHiddenState;
    return { options: withDefaults(given), featuresOf };
  };
  const call = async (
    images: ImageInput | readonly ImageInput[],
    given: FeatureExtractionOptions = {},
  ) => {
    const { options, featuresOf } = asked(given);
    const parts: Tensor<Float32Array>[] = [];
    for await (const output of outputsOf(images, ofBatches(processor), model, options))
      parts.push(featuresOf(output));
    return concatenate(parts);
  };
  const settled = (images: Many, given: FeatureExtractionOptions = {}) => {
    const { options, featuresOf } = asked(given);
    const resultsOf = (output: BitModelOutput) => rowsOf(featuresOf(output));
    return settledOf(images, { processor: ofBatches(processor), model, options, resultsOf });
  };
  return withParts(
    { call, settled },
    'image-feature-extraction',
    model,
    processor,
    defaults,
  ) as ImageFeatureExtractionPipeline;
}

/** A user's processor as batches use it. */
export function ofBatches(processor: ImageProcessorData): BatchProcessor {
  return {
    pixelValues: (images, options) => pixelValuesFor(processor, images, options),
    stage: (images, options) => stageForModel(processor, images, options),
  };
}
