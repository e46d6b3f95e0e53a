// Whether a file is a picture of a size that may be decoded: a few kilobytes can hold gigabytes of pixels.
import { createRequire } from 'node:module';
import { tooLarge, unreadable } from './problems.mjs';

/** The copy that bigtransfer requires. sharp has another one for ES modules, and either sets the cache anew as it loads. */
const sharp = createRequire(import.meta.url)('sharp');

/** sharp's names of what is taken, and of what reads it; AVIF is a kind of HEIF. */
const READERS = {
  jpeg: 'VipsForeignLoadJpeg',
  png: 'VipsForeignLoadPng',
  webp: 'VipsForeignLoadWebp',
  tiff: 'VipsForeignLoadTiff',
  gif: 'VipsForeignLoadNsgif',
  heif: 'VipsForeignLoadHeif',
};

// No picture comes twice, and libvips would keep the decoded frames of the last hundred GIFs.
sharp.cache(false);
// Strangers' files reach no other code in libvips than what they are meant for: no SVG, no PDF.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({ operation: Object.values(READERS) });

/** Smaller pictures take too little memory to be counted. */
const SMALL_PIXELS = 1_000_000;

/**
 * Looks at the head of each file.
 * @returns how many pixels will be in memory when they are decoded. Those of most JPEGs never are, as these are shrunk
 *   row by row.
 * @throws Problem 422 for what is no picture, 413 for one of too many pixels; both name the file where there are several.
 */
export async function expectPictures(files, maxPixels) {
  let decoded = 0;
  for (const [index, { name, bytes }] of files.entries()) {
    const which = files.length > 1 ? `File ${index} (${name}): ` : '';
    const { width, height, format, isProgressive } = await headOf(bytes, which);
    const pixels = width * height;
    if (pixels > maxPixels)
      throw tooLarge(`${which}${width} x ${height} are more than ${maxPixels} pixels`);
    const isByRows = format === 'jpeg' && !isProgressive;
    if (!isByRows && pixels > SMALL_PIXELS) decoded += pixels;
  }
  return decoded;
}

async function headOf(bytes, which) {
  try {
    // The first frame, as the model sees it.
    return await sharp(bytes, { limitInputPixels: false, pages: 1 }).metadata();
  } catch {
    const kinds = 'JPEG, PNG, WebP, TIFF, GIF or AVIF';
    throw unreadable(`${which}It is no picture, or a broken one: ${kinds} is expected`);
  }
}
