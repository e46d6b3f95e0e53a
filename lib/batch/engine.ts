// A model at work for a job: images in, rows out.
import { availableParallelism } from 'node:os';
import { DEFAULT_BATCH_SIZE, DEFAULT_TOP_K } from '../config/defaults';
import type { BitImageProcessorFields } from '../config/image_processor';
import { stageWidths } from '../config/network_spec';
import { BitError } from '../errors';
import { HeldImage, type ImageInput } from '../image/input';
import { holdDownSharp } from '../image/sharp';
import { BATCHES_AHEAD } from '../pipelines/in_order';
import type { Task } from '../pipelines/parts';
import { pipeline } from '../pipelines/pipeline';
import type { Settled } from '../pipelines/settled';
import { bestBatchSize, type TriedModel } from './best_batch';
import type { Picture } from './inputs/picture';
import type { EngineOptions } from './options';
import type { Shape } from './outputs/writer';
import type { BatchRow } from './row';

/**
 * Pictures that may be done before the one whose row comes next: while a huge one is decoded on one
 * core, the others go on with so many small ones.
 */
const AHEAD = 512;

/** Calls that run at once on a CPU, as long as each has a few cores: each takes memory of its own. */
const MOST_CALLS = 8;
const MOST_CALL_THREADS = 4;

/** What a picture became, before it is known whose row it is. */
type Result = Pick<BatchRow, 'predictions' | 'embedding'>;

export interface Engine {
  readonly shape: Shape;
  readonly device: string;
  readonly dtype: string;
  /** Pictures that it needs before it tells of the first one, at most. */
  readonly together: number;
  /** What becomes of each picture, in order; some are under way at once. */
  settled(images: AsyncIterable<Picture['image']>): AsyncIterable<Settled<Result>>;
  dispose(): Promise<void>;
}

/** Loads the model. @throws what pipeline() throws. */
export async function openEngine(
  task: Task,
  source: string,
  options: EngineOptions,
  signal?: AbortSignal,
): Promise<Engine> {
  const given = { ...options, signal };
  return task === 'image-classification' ? classifier(source, given) : extractor(source, given);
}

async function classifier(source: string, options: EngineOptions): Promise<Engine> {
  const { signal } = options;
  const classify = await pipeline('image-classification', source, ofPipeline(options));
  const { model } = classify;
  const batchSize = await batchSizeOf(classify, options);
  return {
    shape: {
      task: classify.task,
      width: Math.min(options.topK ?? DEFAULT_TOP_K, model.config.numLabels),
    },
    together: togetherOf(batchSize),
    ...partsOf(classify),
    settled: (images) =>
      mapped(
        classify.settled(held(images), { signal, batchSize, ahead: AHEAD }),
        (predictions) => ({
          predictions,
        }),
      ),
  };
}

async function extractor(source: string, options: EngineOptions): Promise<Engine> {
  const { signal } = options;
  const extract = await pipeline('image-feature-extraction', source, ofPipeline(options));
  const { model } = extract;
  const batchSize = await batchSizeOf(extract, options);
  return {
    shape: { task: extract.task, width: stageWidths(model.config).at(-1) as number },
    together: togetherOf(batchSize),
    ...partsOf(extract),
    settled: (images) =>
      mapped(
        extract.settled(held(images), { signal, batchSize, ahead: AHEAD, pool: true }),
        ({ data }) => ({
          embedding: data,
        }),
      ),
  };
}

/** The model's own queue gathers as many as go through it together. */
function ofPipeline({
  batchSize,
  threads = callThreads(availableParallelism()),
  ...rest
}: EngineOptions): EngineOptions & { batchSize?: number } {
  if (typeof batchSize !== 'number') return { ...rest, threads };
  return { batching: { maxBatch: batchSize }, ...rest, threads, batchSize };
}

/**
 * Of one call on the CPU, where others always wait: a call of all cores would begin only when the last
 * picture that is being decoded is done, and leave the other cores to wait for it.
 */
export function callThreads(cores: number): number {
  return Math.min(Math.max(Math.floor(cores / MOST_CALLS), 1), MOST_CALL_THREADS);
}

/** @throws what the model rejects with; it is disposed of then. */
async function batchSizeOf(
  run: { model: TriedModel; processor: BitImageProcessorFields; dispose(): Promise<void> },
  { batchSize, imageProcessorKwargs, signal }: EngineOptions,
): Promise<number | undefined> {
  if (batchSize !== 'auto') return batchSize;
  try {
    return await bestBatchSize(
      run.model,
      { ...run.processor, ...imageProcessorKwargs },
      { signal },
    );
  } catch (error) {
    await run.dispose();
    throw error;
  }
}

/** Batches that a pipeline fills before the first one is through. */
const togetherOf = (batchSize = DEFAULT_BATCH_SIZE) => (BATCHES_AHEAD + 1) * batchSize;

/** What both have. */
function partsOf(run: {
  model: { device: string; dtype: string };
  dispose(): Promise<void>;
}): Pick<Engine, 'device' | 'dtype' | 'dispose'> {
  const release = heldDown();
  return {
    device: run.model.device,
    dtype: run.model.dtype,
    dispose: async () => {
      release();
      await run.dispose();
    },
  };
}

/** Raw pixels need no sharp: where it does not load, that is told of pictures that do. */
function heldDown(): () => void {
  try {
    return holdDownSharp();
  } catch {
    return () => undefined;
  }
}

/** Pictures that are known to be unreadable take their turn as those that turn out to be. */
async function* held(images: AsyncIterable<Picture['image']>): AsyncGenerator<ImageInput> {
  for await (const image of images)
    yield (image instanceof BitError ? HeldImage.failed(image) : image) as ImageInput;
}

async function* mapped<From>(
  outcomes: AsyncIterable<Settled<From>>,
  resultOf: (result: From) => Result,
): AsyncGenerator<Settled<Result>> {
  for await (const { index, result, error } of outcomes)
    yield error ? { index, error } : { index, result: resultOf(result as From) };
}
