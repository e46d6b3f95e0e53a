// An image as the addon takes it.
import type { Picture } from '../binding/types';
import { RGB_CHANNELS, type BitImageProcessorFields } from '../config/image_processor';
import type { HeightWidth } from '../config/image_size';
import { BitError } from '../errors';
import type { RawPixels } from './input';
import { readJpegHeader } from './jpeg';
import { UPRIGHT } from './orientation';
import { MAX_PIXELS } from './rows';
import { resizedSize } from './size';

/** What libjpeg can divide the sides by, and how much larger than needed they stay. */
const JPEG_SHRINKS = [8, 4, 2];
const FAST_DECODE_MARGIN = 2;

/** A JPEG for the addon's own decoder; null for sharp's. */
export function jpegPicture(
  data: Uint8Array,
  settings: BitImageProcessorFields,
  fastDecode: boolean,
): Picture | null {
  const header = readJpegHeader(data);
  if (!header || header.orientation !== UPRIGHT || header.width * header.height > MAX_PIXELS)
    return null;
  const { width, height } = header;
  if (width < 1 || height < 1 || header.depth !== 8 || header.components > RGB_CHANNELS)
    return null;
  const size = sizeAfterResize(header, settings);
  const jpegShrink = fastDecode && settings.doResize ? shrinkFor(header, size) : 1;
  return {
    data,
    width,
    height,
    channels: RGB_CHANNELS,
    jpegShrink,
    resizedWidth: size.width,
    resizedHeight: size.height,
  };
}

/** The largest divisor that leaves each side MARGIN times what it is resized to. */
function shrinkFor(source: HeightWidth, target: HeightWidth): number {
  const fits = (shrink: number) =>
    source.width >= FAST_DECODE_MARGIN * shrink * target.width &&
    source.height >= FAST_DECODE_MARGIN * shrink * target.height;
  return JPEG_SHRINKS.find(fits) ?? 1;
}

export function rawPicture(raw: RawPixels, settings: BitImageProcessorFields): Picture {
  const { data, width, height, channels } = raw;
  const size = sizeAfterResize(raw, settings);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return {
    data: bytes,
    width,
    height,
    channels,
    jpegShrink: null,
    resizedWidth: size.width,
    resizedHeight: size.height,
  };
}

/**
 * How large a picture is after the resize step.
 * @throws BitError ERR_BIT_IMAGE for a size that no picture here has.
 */
export function sizeAfterResize(
  source: HeightWidth,
  settings: BitImageProcessorFields,
): HeightWidth {
  const { width, height } = source;
  const size = settings.doResize ? resizedSize(settings.size, source) : { width, height };
  const isNarrow = size.width < 1 || size.height < 1;
  if (!isNarrow && size.width * size.height <= MAX_PIXELS) return size;
  throw new BitError(
    'ERR_BIT_IMAGE',
    `An image of ${width} x ${height} would be resized to ${size.width} x ${size.height}: ` +
      (isNarrow
        ? 'it is too narrow for this size'
        : `that is more than ${MAX_PIXELS} pixels; choose a smaller size`),
  );
}
