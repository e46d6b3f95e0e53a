// Size dictionaries of image processors: their four forms and old spellings.
import { BitError, describe } from '../errors';

/**
 * How large an image becomes by resizing, in pixels; lib/image/size.ts works it out.
 * @category Images
 */
export type ImageSize =
  | HeightWidth
  | {
      /** What the shorter side becomes; the longer one keeps the proportions. */
      shortestEdge: number;
      /** The most that the longer side becomes, for which the shorter one then stays below. */
      longestEdge?: number;
    }
  | {
      /** The image becomes as large as fits in these sides, in its proportions. */
      maxHeight: number;
      /** As maxHeight. */
      maxWidth: number;
    };

/**
 * Two sides, in pixels.
 * @category Images
 */
export interface HeightWidth {
  /** Rows. */
  height: number;
  /** Columns. */
  width: number;
}

const KEYS = {
  height: 'height',
  width: 'width',
  shortestEdge: 'shortest_edge',
  longestEdge: 'longest_edge',
  maxHeight: 'max_height',
  maxWidth: 'max_width',
} as const;

/** The names that may stand together. */
const FORMS = ['height,width', 'shortestEdge', 'longestEdge,shortestEdge', 'maxHeight,maxWidth'];

/** Sides beyond this are mistakes: a JPEG has 65,535 at most. */
const MAX_SIDE = 100_000;

const isSide = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= MAX_SIDE;

/** Snake-case keys of a file to our names; a plain integer or [height, width] of old files too. */
function named(value: unknown, integerForm: (side: number) => object): object {
  if (typeof value === 'number') return integerForm(value);
  if (Array.isArray(value) && value.length === 2) return { height: value[0], width: value[1] };
  if (typeof value !== 'object' || value === null) return {};
  const names = Object.fromEntries(Object.entries(KEYS).map(([name, key]) => [key, name]));
  const given = Object.entries(value).filter(([, side]) => side !== null && side !== undefined);
  return Object.fromEntries(given.map(([key, side]) => [names[key] ?? key, side]));
}

function fail(field: string, expected: string, value: unknown): never {
  throw new BitError(
    'ERR_BIT_CONFIG',
    `Expected ${expected} for ${field} but received ${describe(value)}`,
  );
}

/**
 * Reads `size` in any spelling; an integer is the shortest edge.
 * @throws BitError ERR_BIT_CONFIG
 */
export function parseSize(value: unknown): ImageSize {
  const size = named(value, (side) => ({ shortestEdge: side }));
  const form = Object.keys(size).sort().join();
  if (!FORMS.includes(form) || !Object.values(size).every(isSide)) {
    const forms =
      '{ height, width }, { shortestEdge }, { shortestEdge, longestEdge } or { maxHeight, maxWidth }';
    fail('size', `${forms} of integers from 1 to ${MAX_SIDE}`, value);
  }
  return size as ImageSize;
}

/**
 * Reads `cropSize` in any spelling; an integer is a square.
 * @throws BitError ERR_BIT_CONFIG
 */
export function parseCropSize(value: unknown): HeightWidth {
  const size = named(value, (side) => ({ height: side, width: side }));
  if (Object.keys(size).sort().join() !== 'height,width' || !Object.values(size).every(isSide)) {
    fail(
      'cropSize (crop_size in JSON)',
      `{ height, width } of integers from 1 to ${MAX_SIDE}`,
      value,
    );
  }
  return size as HeightWidth;
}

/** Under transformers' keys. */
export function sizeToJSON(size: ImageSize): Record<string, number> {
  const entries = Object.entries(size) as [keyof typeof KEYS, number][];
  return Object.fromEntries(entries.map(([name, side]) => [KEYS[name], side]));
}
