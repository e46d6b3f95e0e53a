// PNGs of every kind, made byte by byte.
import { crc32, deflateSync } from 'node:zlib';
import { rawBytes } from './pictures';

/** Colour types (PNG, third edition, 11.2.1), with their depths and the samples of a pixel. */
export const COLOURS = {
  grey: { type: 0, depths: [1, 2, 4, 8, 16], samples: 1 },
  rgb: { type: 2, depths: [8, 16], samples: 3 },
  palette: { type: 3, depths: [1, 2, 4, 8], samples: 1 },
  greyAlpha: { type: 4, depths: [8, 16], samples: 2 },
  rgba: { type: 6, depths: [8, 16], samples: 4 },
} as const;

export interface PngOptions {
  colour: keyof typeof COLOURS;
  depth: number;
  width: number;
  height: number;
  /** Of the pixels, which are made up, and of the palette. */
  seed?: number;
  /** Of all rows, 0 to 4; undefined: any of them, row by row. */
  filter?: number | undefined;
  /** Bytes of the rows in place of made-up ones, each with its filter first. */
  rows?: Uint8Array;
  /** How many colours there are; default: as many as the depth can tell. */
  colours?: number;
  /** Whether there is a tRNS chunk. */
  isTransparent?: boolean;
  interlace?: number;
  /** The most bytes of an IDAT chunk. */
  part?: number;
  /** Chunks before the palette, before the pixels and after them. */
  first?: Buffer[];
  before?: Buffer[];
  after?: Buffer[];
}

export const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

export function chunk(type: string, content: Uint8Array = Buffer.alloc(0)): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

export function header(options: PngOptions): Buffer {
  const fields = Buffer.alloc(13);
  fields.writeUInt32BE(options.width, 0);
  fields.writeUInt32BE(options.height, 4);
  fields.set([options.depth, COLOURS[options.colour].type, 0, 0, options.interlace ?? 0], 8);
  return chunk('IHDR', fields);
}

/** Bytes of a row with its filter. */
export function rowBytes({ colour, depth, width }: PngOptions): number {
  return 1 + Math.ceil((width * COLOURS[colour].samples * depth) / 8);
}

/** Whatever bytes a row has, its filter makes pixels of them: any will do. */
function madeUpRows(options: PngOptions): Uint8Array {
  const { height, seed = 1, filter } = options;
  const size = rowBytes(options);
  const rows = rawBytes(height * size, seed);
  for (let at = 0; at < rows.length; at += size) rows[at] = filter ?? (rows[at] as number) % 5;
  return rows;
}

export function png(options: PngOptions): Buffer {
  const { colour, depth, seed = 1, part = Infinity } = options;
  const { first = [], before = [], after = [] } = options;
  const packed = deflateSync(options.rows ?? madeUpRows(options));
  const chunks = [header(options), ...first];
  const colours = options.colours ?? 2 ** Math.min(depth, 8);
  if (colour === 'palette') chunks.push(chunk('PLTE', rawBytes(3 * colours, seed + 1)));
  if (options.isTransparent) chunks.push(chunk('tRNS', transparency(options)));
  chunks.push(...before);
  for (let at = 0; at < packed.length; at += part)
    chunks.push(chunk('IDAT', packed.subarray(at, at + part)));
  return Buffer.concat([SIGNATURE, ...chunks, ...after, chunk('IEND')]);
}

/** Alpha of a palette's first colours, or a colour that is transparent. */
function transparency({ colour, depth, seed = 1 }: PngOptions): Uint8Array {
  const bytes = rawBytes({ palette: 2, grey: 2, rgb: 6 }[colour as 'grey'], seed + 2);
  // Samples of two bytes, whatever the depth is.
  const most = 2 ** depth - 1;
  const fits = (value: number, i: number) => value & (i % 2 ? most : most >> 8);
  return colour === 'palette' ? bytes : bytes.map(fits);
}
