// Texts of a PNG that say how it lies, cut off and broken; and its pixels' checksums.
import { crc32, deflateSync } from 'node:zlib';
import { readPng, withPixelChecksums } from '../../lib/image/png';

const XMP = 'XML:com.adobe.xmp';

/** Chunks with their checksums, at which `readPng` does not look. */
function png(...chunks: [type: string, content: Buffer, sum?: number][]): Uint8Array {
  const parts = chunks.map(([type, content, sum = 0]) => {
    const [length, end] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(content.length);
    end.writeUInt32BE(sum);
    return Buffer.concat([length, Buffer.from(type), content, end]);
  });
  return Buffer.concat([Buffer.alloc(8), ...parts]);
}

const zTXt = (keyword: string, packed: Buffer): [string, Buffer] => [
  'zTXt',
  Buffer.concat([Buffer.from(`${keyword}\0\0`), packed]),
];

const xmpOf = (file: Uint8Array) => {
  const { xmp } = readPng(file);
  return xmp && Buffer.from(xmp).toString();
};

test('a packed text that is cut off counts as far as it goes', () => {
  const text = 'orientation '.repeat(1000);
  const packed = deflateSync(text, { level: 0 });
  const found = xmpOf(png(zTXt(XMP, packed.subarray(0, 5000)))) as string;
  expect(found.length).toBeGreaterThan(4000);
  expect(text.startsWith(found)).toBe(true);
});

test('one that cannot be unpacked does not count, nor one of more than a megabyte', () => {
  expect(xmpOf(png(zTXt(XMP, Buffer.from('no deflate'))))).toBeUndefined();
  const [fits, tooLong] = [2 ** 20, 2 ** 20 + 1].map((length) =>
    xmpOf(png(zTXt(XMP, deflateSync(Buffer.alloc(length, 'x'))))),
  );
  expect(fits).toHaveLength(2 ** 20);
  expect(tooLong).toBeUndefined();
});

test('of an earlier text and one that cannot be read the earlier one stays', () => {
  const good = zTXt(XMP, deflateSync('first'));
  expect(xmpOf(png(good, zTXt(XMP, Buffer.from('no deflate'))))).toBe('first');
});

test('a chunk of another type is no text, whatever it holds', () => {
  const [type, content] = zTXt(XMP, deflateSync('turned'));
  expect(xmpOf(png([type, content]))).toBe('turned');
  expect(xmpOf(png(['prVt', content]))).toBeUndefined();
  const international = Buffer.from(`${XMP}\0\0\0\0\0turned`);
  expect(xmpOf(png(['iTXt', international]))).toBe('turned');
  for (const other of ['IDAT', 'prVt']) expect(xmpOf(png([other, international]))).toBeUndefined();
});

describe('checksums that are wrong', () => {
  const HEADER: [string, Buffer] = ['IHDR', Buffer.alloc(13, 1)];
  const PIXELS: [string, Buffer] = ['IDAT', Buffer.from('pixels')];
  const RIGHT = crc32('IDATpixels');

  test("pixels' are mended in a copy, also where the file ends with one", () => {
    const file = png(HEADER, PIXELS, PIXELS);
    const before = Buffer.from(file);
    const mended = withPixelChecksums(file);
    expect(mended).toEqual(Uint8Array.from(png(HEADER, [...PIXELS, RIGHT], [...PIXELS, RIGHT])));
    expect(before.equals(file)).toBe(true);
    expect(withPixelChecksums(mended as Uint8Array)).toBeNull();
  });

  test('those of other chunks stay, and one that is cut off', () => {
    const text: [string, Buffer] = ['prVt', Buffer.from('words')];
    expect(withPixelChecksums(png(HEADER, [...PIXELS, RIGHT], text))).toBeNull();
    expect(withPixelChecksums(png(HEADER, PIXELS).subarray(0, -1))).toBeNull();
  });
});
