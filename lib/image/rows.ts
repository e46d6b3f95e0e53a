// Pictures that JavaScript decodes row by row, without holding up the event loop.
import { setImmediate } from 'node:timers/promises';
import { BitError } from '../errors';
import type { RawPixels } from './input';

/** The most pixels of an image, decoded or resized: sharp's own limit for decoding. */
export const MAX_PIXELS = 0x3fff ** 2;
/** What is decoded between two turns of the event loop: a few milliseconds' work. */
const PIXELS_AT_A_TIME = 1 << 18;
const CHANNELS = 3;

/**
 * RGB pixels of which `write` makes one row, from the first to the last.
 * @param write gets the row's place in the file's order, and where in `data` its pixels begin.
 */
export async function decodeRows(
  { width, height, isBottomUp = false }: { width: number; height: number; isBottomUp?: boolean },
  write: (data: Uint8Array, at: number, row: number) => void,
): Promise<RawPixels> {
  const data = new Uint8Array(width * height * CHANNELS);
  const rows = Math.max(1, Math.floor(PIXELS_AT_A_TIME / width));
  for (let row = 0; row < height; row++) {
    if (row > 0 && row % rows === 0) await setImmediate();
    write(data, (isBottomUp ? height - 1 - row : row) * width * CHANNELS, row);
  }
  return { data, width, height, channels: CHANNELS };
}

/** @throws BitError ERR_BIT_IMAGE for sizes that no decoder here takes. */
export function expectSize(width: number, height: number): void {
  if (width > 0 && height > 0 && width * height <= MAX_PIXELS) return;
  const limits = `sides are at least 1 and pixels at most ${MAX_PIXELS}`;
  throw new BitError('ERR_BIT_IMAGE', `it is ${width} x ${height}; ${limits}`);
}

/** @throws BitError ERR_BIT_IMAGE where a file ends before its pixels do. */
export function truncated(): never {
  throw new BitError('ERR_BIT_IMAGE', 'it is cut short');
}
