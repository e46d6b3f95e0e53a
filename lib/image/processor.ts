// Images → pixel values: decodes, works out sizes, hands the rest to the native side.
import { availableParallelism } from 'node:os';
import { runJob } from '../binding/job';
import type { NativeBinding, NativeImage, NativeTensor } from '../binding/types';
import type { BitImageProcessorFields } from '../config/image_processor';
import { BitError } from '../errors';
import { throwIfAborted } from '../signal';
import { Tensor } from '../tensor';
import { decodeImage } from './decode';
import { readInput, type ImageInput } from './input';
import { jpegImage, nativeRequest, rawImage } from './native_image';

/** Of one call, beside the settings. */
export interface PreprocessingOptions {
  signal?: AbortSignal;
  /** Lets the JPEG decoder shrink large photographs; see PreprocessOptions of BitImageProcessor. */
  fastDecode?: boolean;
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
  { signal, fastDecode = false }: PreprocessingOptions = {},
): Promise<Tensor> {
  const list = (Array.isArray(images) ? images : [images]) as readonly ImageInput[];
  if (list.length === 0) throw new BitError('ERR_BIT_IMAGE', 'Expected at least one image');
  throwIfAborted(signal);
  const process = async (image: NativeImage) => {
    throwIfAborted(signal);
    const request = nativeRequest(image, settings);
    const pixels = await runJob(() => native.preprocess(request), signal);
    return pixels && { image, pixels };
  };
  // Each image is resized as soon as it is decoded: a large one does not stay in memory for long.
  const prepare = async (input: ImageInput): Promise<Prepared> => {
    const readable = await readInput(input, signal);
    const jpeg = 'encoded' in readable && jpegImage(readable.encoded, settings, fastDecode);
    const decoded = async () => rawImage(await decodeImage(readable, input), settings);
    return ((jpeg && (await process(jpeg))) || (await process(await decoded()))) as Prepared;
  };
  const prepared = await eachInTurn(list, Array.isArray(images), prepare, signal);
  checkSameChannels(prepared, settings);
  checkSameSize(prepared, settings);
  return joined(prepared.map(({ pixels }) => pixels));
}

/** One image and its [1, C, H, W]. */
interface Prepared {
  image: NativeImage;
  pixels: NativeTensor;
}

/** Images of one shape as a batch. */
function joined(tensors: NativeTensor[]): Tensor {
  const [first] = tensors as [NativeTensor, ...NativeTensor[]];
  const shape = [tensors.length, ...first.shape.slice(1)];
  if (tensors.length === 1) return Tensor.from(first.data, shape, first.dtype);
  const size = first.data.length;
  const data =
    first.dtype === 'uint8'
      ? new Uint8Array(tensors.length * size)
      : new Float32Array(tensors.length * size);
  tensors.forEach((each, index) => data.set(each.data as Uint8Array | Float32Array, index * size));
  return Tensor.from(data, shape, first.dtype);
}

/** A few at a time, since each decoded image takes memory; the earliest failure in the list counts. */
async function eachInTurn<T>(
  list: readonly ImageInput[],
  isList: boolean,
  work: (input: ImageInput) => Promise<T>,
  signal?: AbortSignal,
): Promise<T[]> {
  const results: T[] = new Array<T>(list.length);
  let next = 0;
  const failures: { index: number; error: unknown }[] = [];
  const lane = async () => {
    while (next < list.length && failures.length === 0) {
      const index = next++;
      try {
        results[index] = await work(list[index] as ImageInput);
      } catch (error) {
        failures.push({ index, error });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), list.length) }, lane));
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

function checkSameChannels(images: Prepared[], settings: BitImageProcessorFields): void {
  if (settings.doConvertRgb) return;
  const [first] = images as [Prepared, ...Prepared[]];
  const index = images.findIndex(({ image }) => image.channels !== first.image.channels);
  if (index < 0) return;
  const { channels } = (images[index] as Prepared).image;
  throw new BitError(
    'ERR_BIT_IMAGE',
    `Image ${index} of ${images.length} has ${channels} channels but the first has ` +
      `${first.image.channels}: turn on doConvertRgb`,
    { index },
  );
}

function checkSameSize(images: Prepared[], settings: BitImageProcessorFields): void {
  if (settings.doCenterCrop) return;
  const text = ({ image }: Prepared) => `${image.resizedWidth} x ${image.resizedHeight}`;
  const [first] = images as [Prepared, ...Prepared[]];
  const index = images.findIndex((image) => text(image) !== text(first));
  if (index < 0) return;
  throw new BitError(
    'ERR_BIT_IMAGE',
    `Image ${index} of ${images.length} comes out as ${text(images[index] as Prepared)} but the first as ` +
      `${text(first)}: turn on doCenterCrop, or set size to { height, width }`,
    { index },
  );
}
