// Encoded images → RGB pixels, bit for bit as Pillow's open, exif_transpose and convert('RGB') give them
// for JPEG, PNG, WebP, TIFF, BMP and Netpbm. Known to differ: what a GIF leaves transparent or uncovered is black here
// (Pillow keeps the palette's colour), 16-bit grey PNGs with a tRNS chunk, and AVIF by a few steps.
import type { Metadata, Sharp } from 'sharp';
import { shorten } from '../describe';
import { BitError } from '../errors';
import { decodeBmp } from './bmp';
import { formatOf } from './format';
import { messageOf, type RawPixels, type Readable } from './input';
import { readJpegHeader } from './jpeg';
import { decodeNetpbm } from './netpbm';
import { avifOrientation, orientationOf, tiffOrientation, UPRIGHT } from './orientation';
import { MAX_PIXELS } from './rows';
import { readPng, withPixelChecksums } from './png';
import { forgetDecoded, loadSharp } from './sharp';
import { readWebp } from './webp';

/** Pillow ignores embedded profiles, and refuses truncated files. */
const SHARP_OPTIONS = { ignoreIcc: true, failOn: 'error' } as const;
const WHITE = 255;
/** As sharp says it. */
const TOO_MANY_PIXELS = 'exceeds pixel limit';

/** What turns a picture upright, by its EXIF orientation (Exif 2.32, 4.6.4); sharp mirrors before it rotates. */
const TURNS: Readonly<Record<number, (image: Sharp) => Sharp>> = {
  2: (image) => image.flop(),
  3: (image) => image.rotate(180),
  4: (image) => image.flip(),
  5: (image) => image.flip().rotate(90),
  6: (image) => image.rotate(90),
  7: (image) => image.flop().rotate(90),
  8: (image) => image.rotate(270),
};

/**
 * Pixels of any image: three channels from encoded ones (the first frame of an animation, turned by
 * its EXIF or XMP orientation, alpha dropped), raw pixels as they are.
 * @param source the path or URL that it was read from, for messages.
 * @throws BitError ERR_BIT_IMAGE saying what is wrong.
 */
export async function decodeImage(readable: Readable, source: string | null): Promise<RawPixels> {
  if ('raw' in readable) return readable.raw;
  try {
    if ('sharp' in readable) return await toRgb(readable.sharp.autoOrient());
    return await decodeEncoded(readable.encoded);
  } catch (cause) {
    const why = 'encoded' in readable ? reasonOf(cause, readable.encoded) : messageOf(cause);
    const name = source === null ? '' : ` ${shorten(source, 300)}`;
    throw new BitError('ERR_BIT_IMAGE', `Cannot decode the image${name}: ${why}`, {
      cause: cause instanceof BitError ? cause.cause : cause,
    });
  }
}

/**
 * What is wrong with an encoded image. libvips has one place for messages, where those of pictures that
 * are decoded at the same time come together or are lost: they are left to `cause`.
 */
function reasonOf(cause: unknown, bytes: Uint8Array): string {
  if (cause instanceof BitError) return cause.message;
  if (messageOf(cause).includes(TOO_MANY_PIXELS)) return `it has more than ${MAX_PIXELS} pixels`;
  return `the ${formatOf(bytes) ?? 'file'} is broken, or not all of it is there`;
}

async function decodeEncoded(bytes: Uint8Array): Promise<RawPixels> {
  const format = formatOf(bytes);
  if (format === 'BMP') return decodeBmp(bytes);
  if (format === 'Netpbm') return decodeNetpbm(bytes);
  const pixels = await bySharp(bytes, format);
  return turned(pixels, await orientationIn(bytes, format));
}

async function bySharp(bytes: Uint8Array, format: string | null): Promise<RawPixels> {
  const pixels = toRgb(loadSharp()(bytes, SHARP_OPTIONS));
  if (format === 'PNG') return pixels.catch((error: unknown) => mended(bytes, error));
  return format === 'GIF' ? pixels.finally(forgetDecoded) : pixels;
}

/** A PNG whose pixels have wrong checksums, which Pillow ignores. @throws error where they are right. */
async function mended(bytes: Uint8Array, error: unknown): Promise<RawPixels> {
  const copy = withPixelChecksums(bytes);
  if (!copy) throw error;
  return toRgb(loadSharp()(copy, SHARP_OPTIONS));
}

async function orientationIn(bytes: Uint8Array, format: string | null): Promise<number> {
  if (format === 'JPEG') return readJpegHeader(bytes)?.orientation ?? UPRIGHT;
  if (format === 'PNG') return orientationOf(readPng(bytes));
  if (format === 'WebP') return orientationOf(readWebp(bytes));
  if (format === 'TIFF') return tiffOrientation(bytes);
  if (format === 'AVIF') return avifOrientation(bytes, await loadSharp()(bytes).metadata());
  return UPRIGHT;
}

async function turned(pixels: RawPixels, orientation: number): Promise<RawPixels> {
  const { data, width, height } = pixels;
  const turn = TURNS[orientation];
  if (!turn) return pixels;
  return pixelsOf(turn(loadSharp()(data, { raw: { width, height, channels: 3 } })));
}

async function toRgb(image: Sharp): Promise<RawPixels> {
  const metadata = await image.metadata();
  if (metadata.space === 'cmyk') return fromCmyk(image);
  if (isDeepGrey(metadata)) return fromDeepGrey(image);
  return pixelsOf(image.toColourspace('srgb').removeAlpha());
}

async function pixelsOf(image: Sharp): Promise<RawPixels> {
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: info.channels };
}

/** Pillow's own conversion (Convert.c, cmyk2rgb): no colour management. */
async function fromCmyk(image: Sharp): Promise<RawPixels> {
  const inks = await pixelsOf(image.pipelineColourspace('cmyk').toColourspace('cmyk'));
  return toThreeChannels(inks, (at, channel) => {
    const paper = WHITE - (inks.data[at + 3] as number);
    const product = (inks.data[at + channel] as number) * paper + 128;
    return paper - (((product >> 8) + product) >> 8); // product / 255, rounded
  });
}

/** 16-bit grey without alpha, Pillow's mode I;16. */
function isDeepGrey({ depth, channels, space }: Metadata): boolean {
  return depth === 'ushort' && channels === 1 && space === 'grey16';
}

/** Pillow clips I;16 to 8 bits where it takes the high byte of every other 16-bit image. */
async function fromDeepGrey(image: Sharp): Promise<RawPixels> {
  const { data, info } = await image
    .pipelineColourspace('grey16')
    .toColourspace('grey16')
    .raw({ depth: 'ushort' })
    .toBuffer({ resolveWithObject: true });
  // A copy, since two-byte values must start at an even address.
  const values = new Uint16Array(Uint8Array.from(data).buffer);
  const grey = { data, width: info.width, height: info.height, channels: 1 };
  return toThreeChannels(grey, (at) => Math.min(WHITE, values[at] as number));
}

/** `value` gets the index of a pixel's first channel in the source, and the channel to make. */
function toThreeChannels(
  source: RawPixels,
  value: (at: number, channel: number) => number,
): RawPixels {
  const { width, height, channels } = source;
  const data = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      data[3 * pixel + channel] = value(pixel * channels, channel);
    }
  }
  return { data, width, height, channels: 3 };
}
