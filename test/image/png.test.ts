// The PNG header, and texts of a PNG that say how it lies, cut off and broken; and its pixels' checksums.
import { crc32, deflateSync } from 'node:zlib';
import { ImageProcessorData } from '../../lib/config/image_processor';
import { encodedPicture } from '../../lib/image/picture';
import { readPng, readPngHeader, withPixelChecksums } from '../../lib/image/png';
import { encodedPictures } from '../support/encoded';
import { chunk, header, png as wholePng, SIGNATURE, type PngOptions } from '../support/png';

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

const RGB: PngOptions = { colour: 'rgb', depth: 8, width: 7, height: 5 };

describe('readPngHeader', () => {
  test('sizes, and whether it is interlaced', () => {
    const sizes = { width: 7, height: 5, orientation: 1 };
    expect(readPngHeader(wholePng(RGB))).toEqual({ ...sizes, isInterlaced: false });
    const interlaced = Buffer.concat([SIGNATURE, header({ ...RGB, interlace: 1 })]);
    expect(readPngHeader(interlaced)).toEqual({ ...sizes, isInterlaced: true });
    const large = Buffer.concat([SIGNATURE, header({ ...RGB, width: 70_000, height: 2 ** 31 })]);
    expect(readPngHeader(large)).toMatchObject({ width: 70_000, height: 2 ** 31 });
  });

  test('which way is up, told before the pixels or after them', () => {
    const named = (name: string) =>
      encodedPictures.find((each) => each.name === name)?.file as Uint8Array;
    expect(readPngHeader(named('PNG, eXIf 5 after the pixels'))).toMatchObject({ orientation: 5 });
    expect(readPngHeader(named('PNG, iTXt XMP before'))).toMatchObject({ orientation: 6 });
  });

  test('never reads beyond its bytes, and is null for what begins no PNG', () => {
    const file = wholePng(RGB);
    for (let end = 0; end <= file.length; end++) {
      const found = readPngHeader(Uint8Array.from(file.subarray(0, end)));
      // The header's checksum is left to the decoder.
      expect(found !== null).toBe(end >= 29);
    }
    const other = Uint8Array.from(file);
    other[1] = 0;
    expect(readPngHeader(other)).toBeNull();
    const cgbi = Buffer.concat([SIGNATURE, chunk('CgBI', Buffer.alloc(4)), file.subarray(8)]);
    expect(readPngHeader(cgbi)).toBeNull();
    const short = Buffer.concat([SIGNATURE, chunk('IHDR', Buffer.alloc(12)), file.subarray(33)]);
    expect(readPngHeader(short)).toBeNull();
  });

  test('nor where a chunk before the pixels has a name that none may have', () => {
    const odd = [chunk('texT')];
    expect(readPngHeader(wholePng({ ...RGB, before: odd }))).toBeNull();
    expect(readPngHeader(wholePng({ ...RGB, after: odd }))).not.toBeNull();
    expect(readPngHeader(wholePng({ ...RGB, before: [chunk('teXt')] }))).not.toBeNull();
  });
});

describe("what is for the addon's decoder", () => {
  const MOST_SIDE = 0x3fff;
  const settings = new ImageProcessorData({ size: { width: 2, height: 3 } });
  const of = (options: Partial<PngOptions>) =>
    encodedPicture(Buffer.concat([SIGNATURE, header({ ...RGB, ...options })]), settings, true);

  test('whole pictures that stand upright, never shrunk', () => {
    const data = wholePng({ ...RGB, width: 700, height: 500 });
    expect(encodedPicture(data, settings, true)).toEqual({
      data,
      encoding: 'png',
      shrink: 1,
      width: 700,
      height: 500,
      channels: 3,
      resizedWidth: 2,
      resizedHeight: 3,
    });
    expect(of({ width: MOST_SIDE, height: MOST_SIDE })).toMatchObject({ encoding: 'png' });
  });

  test.each([
    ['no columns', { width: 0 }],
    ['no rows', { height: 0 }],
    ['more pixels than any image may have', { width: MOST_SIDE, height: MOST_SIDE + 1 }],
    ['interlaced ones', { interlace: 1 }],
  ])('not %s', (_, options) => {
    expect(of(options)).toBeNull();
  });

  test('nor what is to be turned', () => {
    const lying = encodedPictures.filter(({ name }) => /PNG.* eXIf [2-8]/.test(name));
    expect(lying.length).toBeGreaterThan(7);
    for (const { file } of lying) expect(encodedPicture(file, settings, false)).toBeNull();
  });
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
