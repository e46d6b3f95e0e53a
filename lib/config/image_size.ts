// Size dictionaries of image processors: their four forms, old spellings, and what they resize to.
import { BitError, describe } from '../errors';

/** How large an image becomes; see {@link resizedSize}. */
export type ImageSize =
  | { height: number; width: number }
  | { shortestEdge: number; longestEdge?: number }
  | { maxHeight: number; maxWidth: number };

export interface HeightWidth {
  height: number;
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

/** Sides beyond this are mistakes. */
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
  throw new BitError('ERR_BIT_CONFIG', `Expected ${expected} for ${field} but received ${describe(value)}`);
}

/**
 * Reads `size` in any spelling; an integer is the shortest edge.
 * @throws BitError ERR_BIT_CONFIG
 */
export function parseSize(value: unknown): ImageSize {
  const size = named(value, (side) => ({ shortestEdge: side }));
  const form = Object.keys(size).sort().join();
  if (!FORMS.includes(form) || !Object.values(size).every(isSide)) {
    const forms = '{ height, width }, { shortestEdge }, { shortestEdge, longestEdge } or { maxHeight, maxWidth }';
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
    fail('cropSize (crop_size in JSON)', `{ height, width } of integers from 1 to ${MAX_SIDE}`, value);
  }
  return size as HeightWidth;
}

/** Under transformers' keys. */
export function sizeToJSON(size: ImageSize): Record<string, number> {
  const entries = Object.entries(size) as [keyof typeof KEYS, number][];
  return Object.fromEntries(entries.map(([name, side]) => [KEYS[name], side]));
}

/** Rounds halves to even, as Python does. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * The size of an image after the resize step, by transformers' arithmetic (image_transforms.py):
 * products first, one division, the fraction cut off. A side may come out as 0.
 */
export function resizedSize(size: ImageSize, { height, width }: HeightWidth): HeightWidth {
  if ('height' in size) return { height: size.height, width: size.width };
  if ('maxHeight' in size) {
    const scale = Math.min(size.maxHeight / height, size.maxWidth / width);
    return { height: Math.trunc(height * scale), width: Math.trunc(width * scale) };
  }
  if (size.longestEdge !== undefined) return boundedSize(size.shortestEdge, size.longestEdge, { height, width });
  const long = (shortest: number, a: number, b: number) => Math.trunc((shortest * Math.max(a, b)) / Math.min(a, b));
  const other = long(size.shortestEdge, height, width);
  return width <= height
    ? { height: other, width: size.shortestEdge }
    : { height: size.shortestEdge, width: other };
}

/** get_size_with_aspect_ratio: the shortest edge, unless the longest would pass its bound. */
function boundedSize(shortest: number, longest: number, { height, width }: HeightWidth): HeightWidth {
  const small = Math.min(height, width);
  const large = Math.max(height, width);
  const exact = (large / small) * shortest > longest ? (longest * small) / large : undefined;
  const side = exact === undefined ? shortest : roundHalfEven(exact);
  const precise = exact ?? side;
  if (small === side) return { height, width };
  return width < height
    ? { height: Math.trunc((precise * height) / width), width: side }
    : { height: side, width: Math.trunc((precise * width) / height) };
}
