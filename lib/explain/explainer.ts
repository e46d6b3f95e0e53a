// What explains images: a model, what reads images for it, and what is asked of it.
import { ImageProcessorData } from '../config/image_processor';
import { BitError, invalid } from '../errors';
import type { BitForImageClassification } from '../models/bit_for_image_classification';
import { runnerOf, type Runner } from '../models/runner';
import type { BatchOptions } from '../pipelines/batches';
import { over, withDefaults, type ClassificationOptions } from '../pipelines/options';
import { defaultsOf } from '../pipelines/parts';
import type { ImageClassificationPipeline } from '../pipelines/pipeline';
import type { FunctionToApply } from '../pipelines/scores';
import { HeadRows } from './head';
import type { ClassActivationOptions, Target } from './options';
import { best, indicesOf } from './targets';

export interface Explainer {
  runner: Runner;
  processor: ImageProcessorData;
  /** The classes of an image, by its logits. */
  choose(logits: Float32Array): number[];
  functionToApply?: FunctionToApply | null;
  head: HeadRows;
  batching: BatchOptions;
}

/** @throws BitError ERR_BIT_CONFIG for a model, a class or options that will not do. */
export function explainerOf(
  model: ImageClassificationPipeline | BitForImageClassification,
  given: ClassActivationOptions,
): Explainer {
  const { target, topK, processor: own, ...asked } = given;
  if (target !== undefined && topK !== undefined)
    throw new BitError('ERR_BIT_CONFIG', 'Expected target or topK but received both');
  const isPipeline = typeof model === 'function';
  const runner = headedRunner(isPipeline ? model.model : model, model);
  const processor: unknown = own ?? (isPipeline ? model.processor : undefined);
  if (!(processor instanceof ImageProcessorData))
    throw invalid('ERR_BIT_CONFIG', 'processor', 'a BitImageProcessor', processor);
  const call = over<ClassificationOptions>(isPipeline ? defaultsOf(model) : {}, asked);
  const wanted =
    target === undefined ? null : indicesOf([target].flat() as Target[], runner.config);
  return {
    runner,
    processor: processor.with(call.imageProcessorKwargs ?? {}),
    choose: (logits) => wanted ?? best(logits, topK ?? 1),
    functionToApply: call.functionToApply,
    head: new HeadRows(runner.session),
    // The processor has its fields already.
    batching: { ...withDefaults(call), imageProcessorKwargs: undefined },
  };
}

function headedRunner(model: unknown, given: unknown): Runner {
  const runner = typeof model === 'object' && model !== null ? runnerOf(model) : undefined;
  if (runner?.kind.hasHead && runner.config.numLabels > 0) return runner;
  const kinds = 'an image-classification pipeline or a BitForImageClassification with labels';
  throw invalid('ERR_BIT_CONFIG', 'model', kinds, given);
}
