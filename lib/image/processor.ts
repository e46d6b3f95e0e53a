// Images → pixel values: decodes, works out sizes, hands the rest to the native side.
import { availableParallelism } from 'node:os';
import { runJob } from '../binding/job';
import type {
  NativeBinding,
  NativeImage,
  NativeJob,
  NativePicture,
  PreprocessRequest,
} from '../binding/types';
import type { BitImageProcessorFields } from '../config/image_processor';
import { BitError } from '../errors';
import { throwIfAborted } from '../signal';
import type { Tensor } from '../tensor';
import { decodeImage } from './decode';
import { readInput, type ImageInput } from './input';
import { channelsAfter, jpegImage, nativeRequest, rawImage } from './native_image';
import { PixelBatch } from './pixel_batch';
import { StagedImages } from './staged';

/** While one image of a core is resized, another one is read. */
const LANES_PER_CORE = 2;

/** Of one call, beside the settings. */
export interface PreprocessingOptions {
  signal?: AbortSignal;
  /** Lets the JPEG decoder shrink large photographs; see PreprocessOptions of BitImageProcessor. */
  fastDecode?: boolean;
  /** Leaves JPEGs to the GPU that resizes them; see PreprocessOptions of BitImageProcessor. */
  gpuDecode?: boolean;
  /** Images of a higher one are resized first; default 0. */
  priority?: number;
}

/**
 * Runs all steps of `settings` on one image or a list.
 * @returns [N, C, H, W]: float32, or uint8 when pixels are neither rescaled nor normalised.
 * @throws BitError ERR_BIT_IMAGE, with `index` where one image of a list is at fault.
 */
export async function preprocessImages(
  images: ImageInput | readonly ImageInput[],
  settings: BitImageProcessorFields,
  native: Pick<NativeBinding, 'preprocess'>,
  options: PreprocessingOptions = {},
): Promise<Tensor> {
  const batch = new PixelBatch(Array.isArray(images) ? images.length : 1);
  // Each image is resized as soon as it is decoded: a large one does not stay in memory for long.
  await prepareAll(images, settings, options, {
    start: (request) => native.preprocess(request, options.priority ?? 0),
    put: (pixels, index) => batch.put(index, pixels),
  });
  return batch.tensor();
}

/**
 * Decodes one image or a list for a GPU, which does the rest.
 * @param settings rescale or normalise: a GPU's pixels are floats.
 * @throws as preprocessImages.
 */
export async function stageImages(
  images: ImageInput | readonly ImageInput[],
  settings: BitImageProcessorFields,
  native: Pick<NativeBinding, 'stage'>,
  options: PreprocessingOptions = {},
): Promise<StagedImages> {
  const pictures: NativePicture[] = [];
  await prepareAll(images, settings, options, {
    start: (request) => native.stage(request, options.gpuDecode ?? false, options.priority ?? 0),
    put: (picture, index) => (pictures[index] = picture),
  });
  return new StagedImages(pictures);
}

/** What becomes of each image of a list. */
interface Preparation<Prepared> {
  /** A job on the native side; null for a JPEG that it leaves to sharp. */
  start: (request: PreprocessRequest) => NativeJob<Prepared | null>;
  put: (prepared: Prepared, index: number) => void;
}

async function prepareAll<Prepared>(
  images: ImageInput | readonly ImageInput[],
  settings: BitImageProcessorFields,
  { signal, fastDecode = false }: PreprocessingOptions,
  { start, put }: Preparation<Prepared>,
): Promise<void> {
  const list = (Array.isArray(images) ? images : [images]) as readonly ImageInput[];
  if (list.length === 0) throw new BitError('ERR_BIT_IMAGE', 'Expected at least one image');
  throwIfAborted(signal);
  const process = async (image: NativeImage) => {
    throwIfAborted(signal);
    const request = nativeRequest(image, settings);
    const result = await runJob(() => start(request), signal);
    return result && { image, result };
  };
  const prepare = async (input: ImageInput, index: number): Promise<NativeImage> => {
    const readable = await readInput(input, signal);
    const jpeg = 'encoded' in readable && jpegImage(readable.encoded, settings, fastDecode);
    const decoded = async () => rawImage(await decodeImage(readable, input), settings);
    const { image, result } = ((jpeg && (await process(jpeg))) ||
      (await process(await decoded()))) as { image: NativeImage; result: Prepared };
    put(result, index);
    return image;
  };
  const prepared = await eachInTurn(list, Array.isArray(images), prepare, signal);
  checkSameChannels(prepared, settings);
  checkSameSize(prepared, settings);
}

/** A few at a time, since each decoded image takes memory; the earliest failure in the list counts. */
async function eachInTurn<T>(
  list: readonly ImageInput[],
  isList: boolean,
  work: (input: ImageInput, index: number) => Promise<T>,
  signal?: AbortSignal,
): Promise<T[]> {
  const results: T[] = new Array<T>(list.length);
  let next = 0;
  const failures: { index: number; error: unknown }[] = [];
  const lane = async () => {
    while (next < list.length && failures.length === 0) {
      const index = next++;
      try {
        results[index] = await work(list[index] as ImageInput, index);
      } catch (error) {
        failures.push({ index, error });
      }
    }
  };
  const lanes = LANES_PER_CORE * availableParallelism();
  await Promise.all(Array.from({ length: Math.min(lanes, list.length) }, lane));
  throwIfAborted(signal);
  const [failure] = failures.sort((a, b) => a.index - b.index);
  if (failure) throw isList ? named(failure.error, failure.index, list.length) : failure.error;
  return results;
}

function named(error: unknown, index: number, count: number): unknown {
  if (!(error instanceof BitError)) return error;
  const message = `Image ${index} of ${count}: ${error.message}`;
  return new BitError(error.code, message, { cause: error.cause, index });
}

function checkSameChannels(images: NativeImage[], settings: BitImageProcessorFields): void {
  const channelsOf = (image: NativeImage) => channelsAfter(image, settings);
  const [first] = images as [NativeImage, ...NativeImage[]];
  const index = images.findIndex((image) => channelsOf(image) !== channelsOf(first));
  if (index < 0) return;
  const { channels } = images[index] as NativeImage;
  throw new BitError(
    'ERR_BIT_IMAGE',
    `Image ${index} of ${images.length} has ${channels} channels but the first has ` +
      `${first.channels}: turn on doConvertRgb`,
    { index },
  );
}

function checkSameSize(images: NativeImage[], settings: BitImageProcessorFields): void {
  if (settings.doCenterCrop) return;
  const text = (image: NativeImage) => `${image.resizedWidth} x ${image.resizedHeight}`;
  const [first] = images as [NativeImage, ...NativeImage[]];
  const index = images.findIndex((image) => text(image) !== text(first));
  if (index < 0) return;
  throw new BitError(
    'ERR_BIT_IMAGE',
    `Image ${index} of ${images.length} comes out as ${text(images[index] as NativeImage)} but the first as ` +
      `${text(first)}: turn on doCenterCrop, or set size to { height, width }`,
    { index },
  );
}
