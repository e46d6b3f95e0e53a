// The cases of test/reference/images: what Pillow decoded and BitImageProcessor made of it.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REFERENCE } from './reference';

export const IMAGES = join(REFERENCE, 'images');

export interface ExpectedPixels {
  setting: string;
  shape: number[];
  dtype: string;
  sha256: string;
  error?: string;
}

interface Expected {
  /** Overrides in the keys of preprocessor_config.json. */
  settings: Record<string, Record<string, unknown>>;
  pictures: Record<string, { width: number; height: number; sha256: string; error?: string }>;
  cases: (ExpectedPixels & { picture: string })[];
  raw: {
    width: number;
    height: number;
    channels: number;
    seed: number;
    sha256: string;
    cases: ExpectedPixels[];
  }[];
}

export const expected = JSON.parse(readFileSync(join(IMAGES, 'expected.json'), 'utf8')) as Expected;

export function sha256(data: ArrayBufferView): string {
  const { buffer, byteOffset, byteLength } = data;
  return createHash('sha256')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('hex');
}

/** The generator that made the raw images' bytes: numbers of Numerical Recipes, the high byte. */
export function rawBytes(count: number, seed: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}
