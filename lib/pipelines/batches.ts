// A list of images through a model, some at a time.
import type { BitImageProcessorFields } from '../config/image_processor';
import type { PreprocessOptions } from '../config/preprocess_options';
import { BitError } from '../errors';
import { HeldImage, type ImageInput } from '../image/input';
import type { BitImageProcessor } from '../models/bit_image_processor';
import type { ModelInputs } from '../models/native_input';

/**
 * Batches that are decoded while one is computed on a GPU: the one that comes next, and one more for
 * when that turns out quick to decode. On the CPU both take the same threads.
 */
const AHEAD_ON_GPU = 2;

export interface BatchOptions {
  batchSize: number;
  signal?: AbortSignal;
  priority?: number;
  gpuDecode?: boolean;
  timeoutMs?: number;
  imageProcessorKwargs?: Partial<BitImageProcessorFields>;
}

/** A processor, and one that takes held images as its own are. */
export interface BatchProcessor extends Pick<BitImageProcessor, 'preprocess'> {
  stage(image: ImageInput | ImageInput[], options: PreprocessOptions): Promise<ModelInputs>;
}

/** What a pipeline's model can be asked. */
export interface BatchModel<Output> {
  readonly device: string;
  forward(inputs: ModelInputs, options: Pick<BatchOptions, 'signal' | 'priority'>): Promise<Output>;
}

/**
 * What the model makes of each batch, in order.
 * @throws BitError ERR_BIT_IMAGE, whose `index` is the bad image's place in the whole list.
 */
export function outputsOf<Output>(
  images: ImageInput[],
  processor: BatchProcessor,
  model: BatchModel<Output>,
  { batchSize, signal, priority, gpuDecode, timeoutMs, imageProcessorKwargs }: BatchOptions,
): AsyncGenerator<Output> {
  if (images.length === 0) throw new BitError('ERR_BIT_IMAGE', 'Expected at least one image');
  const onGpu = model.device !== 'cpu';
  // All of them at once: later batches are read long after the call has returned.
  const held = images.map((image) => (typeof image === 'string' ? image : heldOf(image)));
  const prepare = async (batch: ImageInput[]): Promise<ModelInputs> => {
    const given = batch.length === 1 ? (batch[0] as ImageInput) : batch;
    const settings = { ...imageProcessorKwargs, signal, priority, timeoutMs };
    if (onGpu) return processor.stage(given, { ...settings, gpuDecode });
    return (await processor.preprocess(given, settings)).pixelValues;
  };
  const run = async (index: number): Promise<Output> => {
    const start = index * batchSize;
    const inputs = await prepare(held.slice(start, start + batchSize)).catch((error: unknown) => {
      throw atPlace(error, start, images.length);
    });
    return model.forward(inputs, { signal, priority });
  };
  return inOrder(Math.ceil(images.length / batchSize), run, onGpu ? AHEAD_ON_GPU : 0);
}

/** A processor takes it in place of the image. */
const heldOf = (image: ImageInput) => HeldImage.of(image) as unknown as ImageInput;

/** Results of `run(0)` to `run(count - 1)`; while one is awaited, `ahead` more are under way. */
export async function* inOrder<T>(
  count: number,
  run: (index: number) => Promise<T>,
  ahead: number,
): AsyncGenerator<T> {
  const started: Promise<T>[] = [];
  try {
    for (let index = 0; index < count; index++) {
      while (started.length < Math.min(count, index + 1 + ahead)) {
        const result = run(started.length);
        // The first failure is thrown where its turn comes; what fails after it is nobody's.
        result.catch(() => undefined);
        started.push(result);
      }
      yield await (started[index] as Promise<T>);
    }
  } finally {
    await Promise.allSettled(started);
  }
}

/** The same error with its index counted from the start of the whole list. */
function atPlace(error: unknown, start: number, count: number): unknown {
  if (!(error instanceof BitError) || error.code !== 'ERR_BIT_IMAGE' || count === 1) return error;
  const index = start + (error.index ?? 0);
  const message = error.message.replace(/^image \d+( of \d+)?: /i, '');
  return new BitError(error.code, `Image ${index} of ${count}: ${message}`, {
    cause: error.cause,
    index,
  });
}
