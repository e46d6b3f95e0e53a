// A list of images through a model, some at a time.
import type { BitImageProcessorFields } from '../config/image_processor';
import type { PreprocessOptions } from '../config/preprocess_options';
import { BitError, inList } from '../errors';
import { HeldImage, type ImageInput } from '../image/input';
import type { Images } from '../image/processor';
import type { StagedImages } from '../image/staged';
import type { ModelInputs } from '../models/native_input';
import type { Tensor } from '../tensor';
import { BATCHES_AHEAD, inOrder } from './in_order';

export interface BatchOptions {
  batchSize: number;
  signal?: AbortSignal;
  priority?: number;
  gpuDecode?: boolean;
  timeoutMs?: number;
  imageProcessorKwargs?: Partial<BitImageProcessorFields>;
  /** Of settled(). */
  ahead?: number;
}

/** A processor, whose errors about one image of a batch say its place there as `index` alone. */
export interface BatchProcessor {
  pixelValues(images: Images, options: PreprocessOptions): Promise<Tensor>;
  /** For a model on a GPU. */
  stage(images: Images, options: PreprocessOptions): Promise<StagedImages | Tensor>;
}

/** What a pipeline's model can be asked. */
export interface BatchModel<Output> {
  readonly device: string;
  forward(inputs: ModelInputs, options: Pick<BatchOptions, 'signal' | 'priority'>): Promise<Output>;
}

/**
 * What the model makes of each batch of a list, or of a single image, in order.
 * @throws BitError ERR_BIT_IMAGE, whose `index` is the bad image's place in the whole list.
 */
export function outputsOf<Output>(
  images: Images,
  processor: BatchProcessor,
  model: BatchModel<Output>,
  { batchSize, signal, priority, gpuDecode, timeoutMs, imageProcessorKwargs }: BatchOptions,
): AsyncGenerator<Output> {
  const isList = Array.isArray(images);
  // A hole in a list is an image that is undefined.
  const list = (isList ? Array.from(images as ImageInput[]) : [images]) as (
    ImageInput | HeldImage
  )[];
  if (list.length === 0) throw new BitError('ERR_BIT_IMAGE', 'Expected at least one image');
  const onGpu = model.device !== 'cpu';
  // All of them at once: later batches are read long after the call has returned.
  const held = list.map((image) => (typeof image === 'string' ? image : HeldImage.of(image)));
  const prepare = (batch: (string | HeldImage)[], stopped: AbortSignal): Promise<ModelInputs> => {
    const given = batch.length === 1 ? (batch[0] as string | HeldImage) : batch;
    const settings = { ...imageProcessorKwargs, signal: stopped, priority, timeoutMs };
    if (onGpu) return processor.stage(given, { ...settings, gpuDecode });
    return processor.pixelValues(given, settings);
  };
  const run = async (
    { start, batch }: { start: number; batch: (string | HeldImage)[] },
    stopped: AbortSignal,
  ) => {
    const inputs = await prepare(batch, stopped).catch((error: unknown) => {
      throw isList ? inList(fromStart(error, start), list.length) : error;
    });
    return model.forward(inputs, { signal: stopped, priority });
  };
  // On the CPU decoding and computing take the same threads.
  return inOrder(batchesOf(held, batchSize), run, { ahead: onGpu ? BATCHES_AHEAD : 0, signal });
}

/** Batches of `size`, each with its first image's place in the list. */
function* batchesOf<T>(images: T[], size: number) {
  for (let start = 0; start < images.length; start += size)
    yield { start, batch: images.slice(start, start + size) };
}

/** An error about an image of the batch that begins at `start`, with its place in the whole list. */
function fromStart(error: unknown, start: number): unknown {
  if (!(error instanceof BitError)) return error;
  const { code, message, cause, index } = error;
  // Of a batch of one image.
  if (index === undefined && code !== 'ERR_BIT_IMAGE') return error;
  return new BitError(code, message, { cause, index: start + (index ?? 0) });
}
