// Windows and OS/2 bitmaps (BITMAPFILEHEADER and what follows it, in Microsoft's documentation of GDI), to RGB as
// Pillow gives it. Of our own, since the libraries that are kept up misread palettes, offsets and short rows.
import { BitError } from '../errors';
import { RunRows } from './bmp_runs';
import type { RawPixels } from './input';
import { decodeRows, expectSize, truncated } from './rows';

/** Sizes of the second header: OS/2's first, then those that begin as BITMAPINFOHEADER does. */
const CORE_HEADER_BYTES = 12;
const INFO_HEADER_BYTES = 40;
const HEADER_BYTES = [CORE_HEADER_BYTES, INFO_HEADER_BYTES, 52, 56, 64, 108, 124];
const FILE_HEADER_BYTES = 14;
/** Where the second header has, or is followed by, masks. */
const MASKS_AT = FILE_HEADER_BYTES + INFO_HEADER_BYTES;
/** Where the file header tells where pixels begin. */
const PIXELS_AT = 10;

const RAW = 0;
const RLE8 = 1;
const RLE4 = 2;
const BITFIELDS = 3;
/** Bits of a pixel, by compression in run lengths. */
const PACKED_BITS: Readonly<Record<number, number>> = { [RLE8]: 8, [RLE4]: 4 };

/** Bits of a colour, by bits of a pixel: of those that have no palette. */
const DEFAULT_MASKS: Readonly<Record<number, Masks>> = {
  16: [0x7c00, 0x03e0, 0x001f],
  24: [0xff0000, 0xff00, 0xff],
  32: [0xff0000, 0xff00, 0xff],
};
/** Bits of an index into a palette. */
const INDEX_BITS = [1, 4, 8];
const COLOURS = 256;
const WHITE = 255;

/** Of red, green and blue. */
type Masks = [number, number, number];

interface Header {
  width: number;
  height: number;
  isBottomUp: boolean;
  /** Of a pixel. */
  bits: number;
  compression: number;
  /** Where the palette begins, if there is one. */
  paletteAt: number;
  /** Of a colour in it. */
  colourBytes: 3 | 4;
  colours: number;
  pixelsAt: number;
}

function fail(message: string): never {
  throw new BitError('ERR_BIT_IMAGE', message);
}

/** @throws BitError ERR_BIT_IMAGE saying what is wrong. */
export async function decodeBmp(bytes: Uint8Array): Promise<RawPixels> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = readHeader(view);
  const { bits, compression } = header;
  expectSize(header.width, header.height);
  if (PACKED_BITS[compression] === bits || (compression === RAW && INDEX_BITS.includes(bits)))
    return fromPalette(header, readPalette(bytes, header), rowsOf(bytes, header));
  const masks = compression === BITFIELDS ? readMasks(view, bits) : DEFAULT_MASKS[bits];
  if (!DEFAULT_MASKS[bits] || !masks || ![RAW, BITFIELDS].includes(compression))
    fail(`a BMP of ${bits} bits and compression ${compression} is not read`);
  return fromMasks(view, header, masks);
}

function readHeader(view: DataView): Header {
  if (view.byteLength < FILE_HEADER_BYTES + CORE_HEADER_BYTES) truncated();
  const size = view.getUint32(FILE_HEADER_BYTES, true);
  if (!HEADER_BYTES.includes(size)) fail(`a BMP with a header of ${size} bytes is not read`);
  if (view.byteLength < FILE_HEADER_BYTES + size) truncated();
  return size === CORE_HEADER_BYTES ? coreHeader(view) : infoHeader(view, size);
}

function coreHeader(view: DataView): Header {
  const bits = view.getUint16(24, true);
  return placed(view, {
    width: view.getUint16(18, true),
    height: view.getUint16(20, true),
    isBottomUp: true,
    bits,
    compression: RAW,
    paletteAt: FILE_HEADER_BYTES + CORE_HEADER_BYTES,
    colourBytes: 3,
    colours: 2 ** bits,
  });
}

function infoHeader(view: DataView, size: number): Header {
  const height = view.getInt32(22, true);
  const bits = view.getUint16(28, true);
  const compression = view.getUint32(30, true);
  // Only the shortest header has its masks behind it.
  const masksBytes = compression === BITFIELDS && size === INFO_HEADER_BYTES ? 12 : 0;
  return placed(view, {
    width: view.getInt32(18, true),
    height: Math.abs(height),
    isBottomUp: height > 0,
    bits,
    compression,
    paletteAt: FILE_HEADER_BYTES + size + masksBytes,
    colourBytes: 4,
    colours: view.getUint32(46, true) || 2 ** bits,
  });
}

/** With where the pixels begin; some files say that they do where their palette begins. */
function placed(view: DataView, header: Omit<Header, 'pixelsAt'>): Header {
  const { bits, paletteAt, colourBytes, colours } = header;
  const told = view.getUint32(PIXELS_AT, true);
  const paletteEnd = paletteAt + (bits <= 8 ? colourBytes * colours : 0);
  return { ...header, pixelsAt: told === 0 || told === paletteAt ? paletteEnd : told };
}

/** RGB of each index; those beyond the file's are black. */
function readPalette(bytes: Uint8Array, header: Header): Uint8Array {
  const { paletteAt, colourBytes, colours } = header;
  const rgb = new Uint8Array(3 * COLOURS);
  const there = Math.floor((bytes.length - paletteAt) / colourBytes);
  for (let i = 0; i < Math.min(colours, COLOURS, there); i++) {
    const at = paletteAt + i * colourBytes;
    rgb.set([bytes[at + 2], bytes[at + 1], bytes[at]] as number[], 3 * i);
  }
  return rgb;
}

/** @param next gives the indices of a row's pixels, row by row. */
function fromPalette(
  header: Header,
  palette: Uint8Array,
  next: () => Uint8Array,
): Promise<RawPixels> {
  return decodeRows(header, (data, at) => {
    next().forEach((index, column) => {
      for (let channel = 0; channel < 3; channel++)
        data[at + 3 * column + channel] = palette[3 * index + channel] as number;
    });
  });
}

function rowsOf(bytes: Uint8Array, header: Header): () => Uint8Array {
  const { width, bits, compression, pixelsAt } = header;
  if (compression !== RAW) {
    const runs = new RunRows(bytes.subarray(pixelsAt), width, compression === RLE4);
    return () => runs.next();
  }
  expectPixels(bytes.length, header);
  const rowBytes = rowBytesOf(header);
  let at = pixelsAt;
  return () => {
    const row = bytes.subarray(at, (at += rowBytes));
    return Uint8Array.from({ length: width }, (_, column) => {
      const bit = column * bits;
      return ((row[bit >> 3] as number) >> (8 - bits - (bit & 7))) & (2 ** bits - 1);
    });
  };
}

/** Bytes of a row, which end at a multiple of four. */
function rowBytesOf({ width, bits }: Header): number {
  return 4 * Math.ceil((width * bits) / 32);
}

/** What fills up the last row may lack. */
function expectPixels(byteLength: number, header: Header): void {
  const { width, height, bits, pixelsAt } = header;
  const lastRow = Math.ceil((width * bits) / 8);
  if (pixelsAt + rowBytesOf(header) * (height - 1) + lastRow > byteLength) truncated();
}

function readMasks(view: DataView, bits: number): Masks | undefined {
  if (view.byteLength < MASKS_AT + 12) truncated();
  const masks = [0, 4, 8].map((at) => view.getUint32(MASKS_AT + at, true)) as Masks;
  // Masks that nobody has set mean the usual order.
  return masks.every((mask) => mask === 0) ? DEFAULT_MASKS[bits] : masks;
}

function fromMasks(view: DataView, header: Header, masks: Masks): Promise<RawPixels> {
  expectPixels(view.byteLength, header);
  const { width, bits, pixelsAt } = header;
  const rowBytes = rowBytesOf(header);
  const bytes = bits / 8;
  // Three bytes are read as 16 bits and 8: there need be no fourth behind them.
  const pixel = (at: number) => {
    if (bits === 32) return view.getUint32(at, true);
    const low = view.getUint16(at, true);
    return bits === 16 ? low : low + view.getUint8(at + 2) * 0x10000;
  };
  const channels = masks.map(channelReader);
  return decodeRows(header, (data, at, row) => {
    for (let column = 0; column < width; column++) {
      const value = pixel(pixelsAt + row * rowBytes + column * bytes);
      channels.forEach((read, channel) => (data[at + 3 * column + channel] = read(value)));
    }
  });
}

/** Eight bits of a pixel's bits under a mask, rounded down as Pillow does. */
function channelReader(mask: number): (pixel: number) => number {
  if (mask === 0) return () => 0;
  const shift = 31 - Math.clz32(mask & -mask);
  const most = mask >>> shift;
  return (pixel) => Math.floor((((pixel & mask) >>> shift) * WHITE) / most);
}
