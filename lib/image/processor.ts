// Images → pixel values: decodes, works out sizes, hands the rest to the native side.
import { availableParallelism } from 'node:os';
import { runJob } from '../binding/job';
import type {
  NativeBinding,
  Picture,
  NativeJob,
  StagedPicture,
  PreprocessRequest,
} from '../binding/types';
import {
  channelsAfter,
  preprocessSteps,
  RGB_CHANNELS,
  type BitImageProcessorFields,
} from '../config/image_processor';
import { BitError } from '../errors';
import { orAborted, throwIfAborted } from '../signal';
import type { Tensor } from '../tensor';
import { decodeImage } from './decode';
import { HeldImage, type ImageInput, type Readable } from './input';
import { encodedPicture, rawPicture } from './picture';
import { expectRoom, PixelBatch } from './pixel_batch';
import { StagedImages } from './staged';
import { Turns } from './turns';

/** While one image of a core is resized, another one is decoded; over all calls. */
const DECODED_PER_CORE = 2;
export const decoding = new Turns(DECODED_PER_CORE * availableParallelism());
/** Images of a call that are read at once: some may wait for servers, of which more would be asked too much. */
const READ_AT_ONCE = 16;

/** One image or a list, as a caller gives them or as they are held already. */
export type Images = ImageInput | HeldImage | readonly (ImageInput | HeldImage)[];

/** Of one call, beside the settings. */
export interface PreprocessingOptions {
  signal?: AbortSignal;
  /** Lets the JPEG decoder shrink large photographs; see PreprocessOptions of BitImageProcessor. */
  fastDecode?: boolean;
  /** Leaves JPEGs to the GPU that resizes them; see PreprocessOptions of BitImageProcessor. */
  gpuDecode?: boolean;
  /** Images of a higher one are resized first; default 0. */
  priority?: number;
  /** How long a server may be silent; see PreprocessOptions of BitImageProcessor. */
  timeoutMs?: number;
}

/**
 * Runs all steps of `settings` on one image or a list.
 * @returns [N, C, H, W]: float32, or uint8 when pixels are neither rescaled nor normalised.
 * @throws BitError ERR_BIT_IMAGE, with `index` where one image of a list is at fault; inList() puts
 *   that into words.
 */
export async function preprocessImages(
  images: Images,
  settings: BitImageProcessorFields,
  native: Pick<NativeBinding, 'preprocess'>,
  options: PreprocessingOptions = {},
): Promise<Tensor> {
  const count = Array.isArray(images) ? images.length : 1;
  expectRoomFor(count, settings);
  const batch = new PixelBatch(count);
  // Each image is resized as soon as it is decoded: a large one does not stay in memory for long.
  await prepareAll(images, settings, options, {
    start: (request) => native.preprocess(request),
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
  images: Images,
  settings: BitImageProcessorFields,
  native: Pick<NativeBinding, 'stagePicture'>,
  options: PreprocessingOptions = {},
): Promise<StagedImages> {
  const pictures: StagedPicture[] = [];
  await prepareAll(images, settings, options, {
    start: (request) => native.stagePicture(request),
    put: (picture, index) => (pictures[index] = picture),
  });
  return new StagedImages(pictures);
}

/** Where the size is known before an image is: nothing is read in vain. */
function expectRoomFor(count: number, settings: BitImageProcessorFields): void {
  const { doCenterCrop, cropSize, doRescale, doNormalize } = settings;
  const isFloat = doRescale || doNormalize;
  if (doCenterCrop)
    expectRoom(
      [count, settings.doConvertRgb ? RGB_CHANNELS : 1, cropSize.height, cropSize.width],
      isFloat ? Float32Array.BYTES_PER_ELEMENT : 1,
    );
}

/** What becomes of each image of a list. */
interface Preparation<Prepared> {
  /** A job on the native side; null for a file that it leaves to sharp. */
  start: (request: PreprocessRequest) => NativeJob<Prepared | null>;
  put: (prepared: Prepared, index: number) => void;
}

async function prepareAll<Prepared>(
  images: Images,
  settings: BitImageProcessorFields,
  options: PreprocessingOptions,
  { start, put }: Preparation<Prepared>,
): Promise<void> {
  const { signal, timeoutMs, fastDecode = false, gpuDecode = false, priority = 0 } = options;
  // Before anything is waited for: the caller may use its memory again once the call has returned.
  const list = holdAll(images);
  if (list.length === 0) throw new BitError('ERR_BIT_IMAGE', 'Expected at least one image');
  throwIfAborted(signal);
  const process = async (image: Picture) => {
    throwIfAborted(signal);
    const steps = preprocessSteps(settings, image.channels);
    const request = { picture: image, steps, gpuDecode, priority };
    const result = await runJob(() => start(request), signal);
    return result && { image, result };
  };
  const decode = async (readable: Readable, source: string | null) => {
    throwIfAborted(signal);
    const file = 'encoded' in readable && encodedPicture(readable.encoded, settings, fastDecode);
    const decoded = async () =>
      rawPicture(await orAborted(decodeImage(readable, source), signal), settings);
    return ((file && (await process(file))) || (await process(await decoded()))) as {
      image: Picture;
      result: Prepared;
    };
  };
  const prepare = async (input: HeldImage, index: number): Promise<Picture> => {
    const readable = await input.read({ signal, timeoutMs });
    const { image, result } = await decoding.take(() => decode(readable, input.source));
    put(result, index);
    return image;
  };
  const prepared = await eachInTurn(list, Array.isArray(images), prepare, signal);
  checkSameChannels(prepared, settings);
  checkSameSize(prepared, settings);
}

function holdAll(images: Images): HeldImage[] {
  const list = (Array.isArray(images) ? images : [images]) as readonly (ImageInput | HeldImage)[];
  // A hole is an image that is undefined.
  return Array.from(list, (image) => HeldImage.of(image));
}

/** Some at a time; the earliest failure in the list counts. */
async function eachInTurn<T>(
  list: readonly HeldImage[],
  isList: boolean,
  work: (input: HeldImage, index: number) => Promise<T>,
  signal?: AbortSignal,
): Promise<T[]> {
  const results: T[] = new Array<T>(list.length);
  let next = 0;
  const failures: { index: number; error: unknown }[] = [];
  const lane = async () => {
    while (next < list.length && failures.length === 0) {
      const index = next++;
      try {
        results[index] = await work(list[index] as HeldImage, index);
      } catch (error) {
        failures.push({ index, error });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(READ_AT_ONCE, list.length) }, lane));
  throwIfAborted(signal);
  const [failure] = failures.sort((a, b) => a.index - b.index);
  if (failure) throw isList ? atIndex(failure.error, failure.index) : failure.error;
  return results;
}

function atIndex(error: unknown, index: number): unknown {
  if (!(error instanceof BitError)) return error;
  return new BitError(error.code, error.message, { cause: error.cause, index });
}

function checkSameChannels(images: Picture[], settings: BitImageProcessorFields): void {
  const odd = firstUnlike(images, ({ channels }) => channelsAfter(channels, settings));
  if (odd === null) return;
  const { index, image, first } = odd;
  throw new BitError(
    'ERR_BIT_IMAGE',
    `has ${image.channels} channels but the first has ${first.channels}, of those in one batch: ` +
      'turn on doConvertRgb',
    { index },
  );
}

function checkSameSize(images: Picture[], settings: BitImageProcessorFields): void {
  if (settings.doCenterCrop) return;
  const text = (image: Picture) => `${image.resizedWidth} x ${image.resizedHeight}`;
  const odd = firstUnlike(images, text);
  if (odd === null) return;
  const { index, image, first } = odd;
  throw new BitError(
    'ERR_BIT_IMAGE',
    `comes out as ${text(image)} but the first as ${text(first)}, of those in one batch: ` +
      'turn on doCenterCrop, or set size to { height, width }',
    { index },
  );
}

/** The earliest image that differs from the first; null where none does. */
function firstUnlike(images: Picture[], trait: (image: Picture) => unknown) {
  const [first] = images as [Picture, ...Picture[]];
  const index = images.findIndex((image) => trait(image) !== trait(first));
  return index < 0 ? null : { index, image: images[index] as Picture, first };
}
