// An image as the addon takes it.
import type { Encoding, Picture } from '../binding/types';
import { RGB_CHANNELS, type BitImageProcessorFields } from '../config/image_processor';
import type { HeightWidth } from '../config/image_size';
import { BitError } from '../errors';
import type { RawPixels } from './input';
import { readJpegHeader } from './jpeg';
import { UPRIGHT } from './orientation';
import { readPngHeader } from './png';
import { MAX_PIXELS } from './rows';
import { resizedSize } from './size';

/** What libjpeg can divide the sides by, and how much larger than needed they stay. */
const JPEG_SHRINKS = [8, 4, 2];
const FAST_DECODE_MARGIN = 2;

/** A file for the addon's own decoders; null for sharp's. */
export function encodedPicture(
  data: Uint8Array,
  settings: BitImageProcessorFields,
  fastDecode: boolean,
): Picture | null {
  const file = jpegIn(data) ?? pngIn(data);
  if (!file || file.width * file.height > MAX_PIXELS) return null;
  const { width, height, encoding } = file;
  if (width < 1 || height < 1) return null;
  const size = sizeAfterResize(file, settings);
  const canShrink = encoding === 'jpeg' && fastDecode && settings.doResize;
  return {
    data,
    encoding,
    shrink: canShrink ? shrinkFor(file, size) : 1,
    width,
    height,
    channels: RGB_CHANNELS,
    resizedWidth: size.width,
    resizedHeight: size.height,
  };
}

/** What is known of a file before it is decoded. */
interface DecodableFile extends HeightWidth {
  encoding: Encoding;
}

function jpegIn(data: Uint8Array): DecodableFile | null {
  const header = readJpegHeader(data);
  if (header?.orientation !== UPRIGHT || header.depth !== 8) return null;
  return header.components > RGB_CHANNELS ? null : { ...header, encoding: 'jpeg' };
}

function pngIn(data: Uint8Array): DecodableFile | null {
  const header = readPngHeader(data);
  if (header?.orientation !== UPRIGHT || header.isInterlaced) return null;
  return { ...header, encoding: 'png' };
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
    encoding: null,
    shrink: 1,
    width,
    height,
    channels,
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
