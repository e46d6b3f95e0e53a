// Pictures as people see them: whole, upright, in RGB, and no larger than they are shown.
import { runJob } from '../binding/job';
import type { NativeBinding, Picture } from '../binding/types';
import { ImageProcessorData, preprocessSteps } from '../config/image_processor';
import type { HeightWidth } from '../config/image_size';
import { orAborted } from '../signal';
import type { Tensor } from '../tensor';
import { decodeImage } from './decode';
import type { HeldImage, RawPixels, ReadOptions } from './input';
import { encodedPicture, rawPicture } from './picture';
import { toPixelTensor } from './pixel_batch';
import { decoding } from './processor';
import { loadSharp } from './sharp';

/** Pixels as they are decoded. */
const WHOLE = new ImageProcessorData({
  doResize: false,
  doCenterCrop: false,
  doRescale: false,
  doNormalize: false,
});

export interface ShownPicture {
  /** uint8 [1, 3, height, width]. */
  pixels: Tensor;
  /** How large the image is, before it was made smaller. */
  source: HeightWidth;
}

/**
 * Decodes an image, and makes its longer side `maxSide` pixels where it has more.
 * @throws BitError ERR_BIT_IMAGE saying what is wrong; the signal's reason.
 */
export async function showPicture(
  image: HeldImage,
  maxSide: number | null,
  native: Pick<NativeBinding, 'preprocess'>,
  options: ReadOptions = {},
): Promise<ShownPicture> {
  const { signal } = options;
  const readable = await image.read(options);
  const show = async (picture: Picture): Promise<ShownPicture | null> => {
    const steps = preprocessSteps(WHOLE, picture.channels);
    const request = { picture: within(picture, maxSide), steps, gpuDecode: false, priority: 0 };
    const pixels = await runJob(() => native.preprocess(request), signal);
    const { height, width } = picture;
    return pixels && { pixels: toPixelTensor(pixels), source: { height, width } };
  };
  return decoding.take(async () => {
    const file = 'encoded' in readable ? encodedPicture(readable.encoded, WHOLE, false) : null;
    const shown = file && (await show(file));
    if (shown) return shown;
    const raw = await orAborted(decodeImage(readable, image.source), signal);
    return (await show(rawPicture(raw, WHOLE))) as ShownPicture;
  });
}

/** To be resized where a side is longer than it may be; the other one has at least one pixel. */
function within(picture: Picture, maxSide: number | null): Picture {
  const { height, width } = picture;
  const longest = Math.max(height, width);
  if (maxSide === null || longest <= maxSide) return picture;
  const shrunk = (side: number) => Math.max(1, Math.round((side * maxSide) / longest));
  return { ...picture, resizedHeight: shrunk(height), resizedWidth: shrunk(width) };
}

/**
 * A PNG file of RGB pixels.
 * @throws BitError ERR_BIT_IMAGE where sharp does not load.
 */
export function encodePng({ data, width, height }: RawPixels): Promise<Buffer> {
  return loadSharp()(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}
