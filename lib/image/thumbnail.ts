// Small pictures for pages, as data: URLs.
import { loadBinding } from '../binding/load';
import type { HeldImage, RawPixels, ReadOptions } from './input';
import { loadSharp } from './sharp';
import { showPicture } from './shown';

const CHANNELS = 3;
/** Of 100: what is lost is not seen at this size. */
const QUALITY = 80;

/**
 * An image as people see it, in JPEG.
 * @param maxSide pixels of the longer side, where it has more.
 * @throws BitError ERR_BIT_IMAGE for one that cannot be read, or where sharp does not load; the signal's reason.
 */
export async function thumbnailUrl(
  image: HeldImage,
  maxSide: number,
  options: ReadOptions = {},
): Promise<string> {
  const { pixels } = await showPicture(image, maxSide, loadBinding(), options);
  const [, , height, width] = pixels.shape as [number, number, number, number];
  const plane = height * width;
  const data = new Uint8Array(CHANNELS * plane);
  for (let i = 0; i < plane; i++)
    for (let c = 0; c < CHANNELS; c++)
      data[CHANNELS * i + c] = pixels.data[c * plane + i] as number;
  return jpegUrl({ data, width, height, channels: CHANNELS });
}

/**
 * RGB pixels, in JPEG.
 * @throws BitError ERR_BIT_IMAGE where sharp does not load.
 */
export async function jpegUrl({ data, width, height }: RawPixels): Promise<string> {
  const raw = { width, height, channels: CHANNELS } as const;
  const jpeg = await loadSharp()(data, { raw }).jpeg({ quality: QUALITY }).toBuffer();
  return `data:image/jpeg;base64,${jpeg.toString('base64')}`;
}
