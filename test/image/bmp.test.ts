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
