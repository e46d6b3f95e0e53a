// Bitmaps of kinds that are not read; those that are stand with Pillow's pixels in encoded.test.ts.
import { decodeBmp } from '../../lib/image/bmp';

/** One pixel of so many bits, in a compression, with masks and room for a palette behind the header. */
function bmp(bits: number, compression: number): Uint8Array {
  const bytes = new Uint8Array(54 + 16 + 4 * 256 + 16);
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]);
  view.setUint32(10, 54 + 16 + 4 * 256, true); // where pixels begin
  view.setUint32(14, 40, true);
  view.setInt32(18, 1, true);
  view.setInt32(22, 1, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, bits, true);
  view.setUint32(30, compression, true);
  [0xff0000, 0xff00, 0xff].forEach((mask, i) => view.setUint32(54 + 4 * i, mask, true));
  return bytes;
}

test.each([
  [2, 0],
  [7, 0],
  [64, 0],
  [7, 3],
  [8, 3],
  [8, 2],
  [4, 1],
  [24, 1],
  [24, 4],
  [32, 5],
  [16, 6],
])('%i bits in compression %i are refused', async (bits, compression) => {
  await expect(decodeBmp(bmp(bits, compression))).rejects.toMatchObject({
    code: 'ERR_BIT_IMAGE',
    message: `a BMP of ${bits} bits and compression ${compression} is not read`,
  });
});

test.each([
  [1, 0],
  [4, 0],
  [8, 0],
  [24, 0],
  [32, 3],
])('%i bits in compression %i are read', async (bits, compression) => {
  const { width, height, channels } = await decodeBmp(bmp(bits, compression));
  expect([width, height, channels]).toEqual([1, 1, 3]);
});

/** A file header that tells where pixels begin, a second header of `size` bytes, and what follows. */
function file(size: number, fields: Partial<Fields>, rest: number[]): Uint8Array {
  const { width = 2, height = 1, bits = 24, compression = 0, colours = 0, told = 0 } = fields;
  const bytes = new Uint8Array(14 + size + rest.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]);
  view.setUint32(10, told, true);
  view.setUint32(14, size, true);
  if (size === 12)
    [width, height, 1, bits].forEach((each, i) => view.setUint16(18 + 2 * i, each, true));
  else {
    view.setInt32(18, width, true);
    view.setInt32(22, height, true);
    view.setUint16(26, 1, true);
    view.setUint16(28, bits, true);
    view.setUint32(30, compression, true);
    view.setUint32(46, colours, true);
  }
  bytes.set(rest, 14 + size);
  return bytes;
}
interface Fields {
  width: number;
  height: number;
  bits: number;
  compression: number;
  colours: number;
  /** Where pixels are said to begin. */
  told: number;
}

/** Red, green and blue of 32 bits in the usual order. */
const MASKS = [0, 0, 0xff, 0, 0, 0xff, 0, 0, 0xff, 0, 0, 0];
/** The same within a longer header, and two pixels behind it. */
function withMasks(size: number): Uint8Array {
  const bytes = file(size, { bits: 32, compression: 3 }, [3, 2, 1, 0, 6, 5, 4, 0]);
  bytes.set(MASKS, 54);
  return bytes;
}
const PIXELS = [3, 2, 1, 6, 5, 4, 0, 0];
const PALETTE = [0, 50, 100, 0, 1, 51, 101, 0];
const indexed = { bits: 8, colours: 2 };

// Pixels are those that Pillow 12.3 gives of the same bytes.
test.each<[string, Uint8Array, number[]]>([
  ['behind the shortest header', file(12, {}, PIXELS), [1, 2, 3, 4, 5, 6]],
  ['behind the usual one', file(40, {}, PIXELS), [1, 2, 3, 4, 5, 6]],
  ['behind a longer one', file(108, {}, PIXELS), [1, 2, 3, 4, 5, 6]],
  [
    'behind the masks that follow the usual header',
    file(40, { bits: 32, compression: 3 }, [...MASKS, 3, 2, 1, 0, 6, 5, 4, 0]),
    [1, 2, 3, 4, 5, 6],
  ],
  ['behind masks within a header of 52 bytes', withMasks(52), [1, 2, 3, 4, 5, 6]],
  ['behind masks within a header of 56 bytes', withMasks(56), [1, 2, 3, 4, 5, 6]],
  ['behind masks within a header of 108 bytes', withMasks(108), [1, 2, 3, 4, 5, 6]],
  [
    'where they are said to, were it within the masks',
    file(40, { bits: 32, compression: 3, told: 54 }, MASKS),
    [255, 0, 0, 0, 255, 0],
  ],
  ['behind the palette', file(40, indexed, [...PALETTE, 0, 1, 0, 0]), [100, 50, 0, 101, 51, 1]],
  [
    'behind the palette too where that is said to be them',
    file(40, { ...indexed, told: 54 }, [...PALETTE, 0, 1, 0, 0]),
    [100, 50, 0, 101, 51, 1],
  ],
  [
    'behind a palette of all colours where no number is told',
    file(40, { bits: 1, width: 9 }, [...PALETTE, 0b10110011, 0x80, 0, 0]),
    [1, 0, 1, 1, 0, 0, 1, 1, 1].flatMap((index) => [100 + index, 50 + index, index]),
  ],
  [
    'within the palette, of which the last colour is not whole: it is black',
    file(40, { ...indexed, width: 4, colours: 4, told: 55 }, [10, 0, 1, 2, 3, 77]),
    [1, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  ],
  [
    'within the palette, whose whole colours count',
    file(40, { ...indexed, width: 4, colours: 4, told: 58 }, [10, 20, 30, 0, 1, 2, 0, 3]),
    [0, 2, 1, 0, 0, 0, 30, 20, 10, 0, 0, 0],
  ],
  [
    'from the top',
    file(40, { width: 1, height: -2 }, [3, 2, 1, 0, 6, 5, 4, 0]),
    [1, 2, 3, 4, 5, 6],
  ],
  [
    'from the bottom',
    file(40, { width: 1, height: 2 }, [3, 2, 1, 0, 6, 5, 4, 0]),
    [4, 5, 6, 1, 2, 3],
  ],
])('pixels begin %s', async (_, bytes, rgb) => {
  expect([...(await decodeBmp(bytes)).data]).toEqual(rgb);
});

test.each<[string, Uint8Array, string]>([
  ['no height', file(40, { height: 0 }, PIXELS), 'it is 2 x 0; '],
  ['no width', file(40, { width: 0 }, PIXELS), 'it is 0 x 1; '],
  ['less than no width', file(40, { width: -2 }, PIXELS), 'it is -2 x 1; '],
  ['another header', file(41, {}, PIXELS), 'a BMP with a header of 41 bytes is not read'],
  ['a part of a header', file(12, {}, []).subarray(0, 25), 'it is cut short'],
  ['a part of a longer header', file(40, {}, []).subarray(0, 53), 'it is cut short'],
  ['pixels short of one byte', file(40, {}, PIXELS.slice(0, 5)), 'it is cut short'],
  [
    'masks short of one byte',
    file(40, { bits: 32, compression: 3 }, MASKS.slice(0, 11)),
    'it is cut short',
  ],
])('%s is refused', async (_, bytes, words) => {
  await expect(decodeBmp(bytes)).rejects.toMatchObject({
    code: 'ERR_BIT_IMAGE',
    message: expect.stringMatching(new RegExp(`^${words}`)) as string,
  });
});

test('what fills up the last row may be missing', async () => {
  const { data } = await decodeBmp(file(40, {}, PIXELS.slice(0, 6)));
  expect([...data]).toEqual([1, 2, 3, 4, 5, 6]);
});

/** Rows of two pixels of eight bits, in run lengths. */
const inRuns = (runs: number[], height: number) =>
  file(40, { ...indexed, compression: 1, height, told: 54 + 8 }, [...PALETTE, ...runs]);

// Pillow 12.3 refuses the same ones.
test.each<[string, number[], number]>([
  ['before any', [], 1],
  ['within the first', [2], 1],
  ['within the second', [1, 0, 1], 1],
  ['before the second', [1, 0], 1],
  ['within those of the second row', [2, 1, 2], 2],
])('runs that end %s are refused', async (_, runs, height) => {
  await expect(decodeBmp(inRuns(runs, height))).rejects.toMatchObject({
    code: 'ERR_BIT_IMAGE',
    message: expect.stringMatching(/^it is cut short/) as string,
  });
});

test('runs may end with the last row, and go beyond it, as for Pillow', async () => {
  for (const runs of [
    [1, 0, 1, 1],
    [1, 0, 9, 1],
  ])
    expect([...(await decodeBmp(inRuns(runs, 1))).data]).toEqual([100, 50, 0, 101, 51, 1]);
});
