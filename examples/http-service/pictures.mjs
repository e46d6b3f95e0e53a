// Whether a file is a picture of a size that may be decoded: a few kilobytes can hold gigabytes of pixels.
import sharp from 'sharp';
import { tooLarge, unreadable } from './problems.mjs';

/** sharp's names of what is taken, and of what reads it; AVIF is a kind of HEIF. */
const READERS = {
  jpeg: 'VipsForeignLoadJpeg',
  png: 'VipsForeignLoadPng',
  webp: 'VipsForeignLoadWebp',
  tiff: 'VipsForeignLoadTiff',
  gif: 'VipsForeignLoadNsgif',
  heif: 'VipsForeignLoadHeif',
};

// Strangers' files reach no other code in libvips than what they are meant for: no SVG, no PDF.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({ operation: Object.values(READERS) });

/**
 * Looks at the head of each file.
 * @throws Problem 422 for what is no picture, 413 for one of too many pixels; both name the file where there are several.
 */
export async function expectPictures(files, maxPixels) {
  for (const [index, { name, bytes }] of files.entries()) {
    const which = files.length > 1 ? `File ${index} (${name}): ` : '';
    const { width, height } = await sizeOf(bytes, which);
    if (width * height > maxPixels)
      throw tooLarge(`${which}${width} x ${height} are more than ${maxPixels} pixels`);
  }
}

async function sizeOf(bytes, which) {
  try {
    // The first frame, as the model sees it.
    return await sharp(bytes, { limitInputPixels: false, pages: 1 }).metadata();
  } catch {
    const kinds = 'JPEG, PNG, WebP, TIFF, GIF or AVIF';
    throw unreadable(`${which}It is no picture, or a broken one: ${kinds} is expected`);
  }
}
