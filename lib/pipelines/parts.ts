// What every pipeline carries beside its call, and its end.
import { DISPOSE_CHECKS, type DisposeOptions } from '../config/call_options';
import { checkOptions } from '../config/options';
import { BitError, Caller, forCaller } from '../errors';
import type { ImageInput } from '../image/input';
import type { BitForImageClassification } from '../models/bit_for_image_classification';
import type { BitImageProcessor } from '../models/bit_image_processor';
import type { BitModel } from '../models/bit_model';
import type { PipelineCallOptions } from './options';
import type { Settled } from './settled';

/**
 * What a pipeline does.
 * @category Pipelines
 */
export type Task = 'image-classification' | 'image-feature-extraction';

/**
 * Any number of images; each is taken when its turn comes, and may be overwritten afterwards.
 * @category Pipelines
 */
export type Many = Iterable<ImageInput> | AsyncIterable<ImageInput>;

export interface PipelineParts<Options, Result> {
  /** What it was made for. */
  readonly task: Task;
  /** What makes pixel values of images. */
  readonly processor: BitImageProcessor;
  /**
   * Waits for the calls in flight, or stops them, and frees the model; later calls reject with
   * ERR_BIT_DISPOSED, and so do iterations of settled(). May be called again.
   */
  dispose(options?: DisposeOptions): Promise<void>;
  /** For `await using`: dispose(). */
  [Symbol.asyncDispose](): Promise<void>;
  /**
   * What becomes of each image, in order: `{ index, result }`, where `result` is what a call with
   * that image alone resolves with, or `{ index, error }` for one that cannot be read, decoded or
   * run. At most three batches are under way at once, ahead of what is asked for.
   * @param images a list or any other iterable, also an endless one.
   * @throws what is not about an image (BitError codes other than ERR_BIT_IMAGE and ERR_BIT_SHAPE),
   *   the signal's reason, and what `images` throw: these end it.
   */
  settled(images: Many, options?: Options): AsyncGenerator<Settled<Result>, void, undefined>;
}

/** Under a name of its own, which pipelines' types do not show. */
const DEFAULTS = Symbol('defaults');

/** What calls of a pipeline do that do not say otherwise. */
export function defaultsOf(pipeline: object): PipelineCallOptions {
  return (pipeline as { [DEFAULTS]: PipelineCallOptions })[DEFAULTS];
}

/** A pipeline is a function that carries its parts, as in transformers.js. */
export function withParts<M extends BitForImageClassification | BitModel>(
  run: {
    call: (images: ImageInput | readonly ImageInput[], options?: object) => Promise<unknown>;
    settled: (images: Many, options?: object) => AsyncIterable<Settled<unknown>>;
  },
  task: Task,
  model: M,
  processor: BitImageProcessor,
  defaults: PipelineCallOptions,
) {
  const inFlight = new Set<Promise<unknown>>();
  let disposed = false;
  const expectLife = () => {
    if (disposed) throw new BitError('ERR_BIT_DISPOSED', 'The pipeline has been disposed of');
  };
  const call = async (images: ImageInput | readonly ImageInput[], options?: object) => {
    expectLife();
    const answers = run.call(images, options);
    inFlight.add(answers);
    try {
      return await forCaller(() => answers);
    } finally {
      inFlight.delete(answers);
    }
  };
  // dispose() does not wait for it: whoever goes through it may never come back for the rest.
  async function* settledFor(caller: Caller, images: Many, options?: object) {
    try {
      expectLife();
      for await (const each of run.settled(images, options)) {
        expectLife();
        caller.shownIn(each.error);
        yield each;
      }
    } catch (error) {
      throw caller.shownIn(error);
    }
  }
  const settled = (images: Many, options?: object) =>
    settledFor(new Caller(settled), images, options);
  const dispose = async (options?: DisposeOptions) => {
    const { cancel } = checkOptions<DisposeOptions>(options, DISPOSE_CHECKS);
    disposed = true;
    if (!cancel) await Promise.allSettled(inFlight);
    await model.dispose(options);
  };
  const parts = {
    task,
    model,
    processor,
    settled,
    dispose,
    [Symbol.asyncDispose]: () => dispose(),
  };
  Object.defineProperty(call, DEFAULTS, { value: defaults });
  return Object.assign(call, parts);
}
