// The JPEG header, and the addon's own JPEG decoder beside sharp's.
import sharp from 'sharp';
import { BitImageProcessor, type Tensor, systemInfo } from '../../lib';
import { ImageProcessorData } from '../../lib/config/image_processor';
import { readJpegHeader } from '../../lib/image/jpeg';
import { encodedPicture, rawPicture } from '../../lib/image/picture';

/** Fine detail in all directions, so that every kind of rounding shows. */
function picture(width: number, height: number) {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * i + 31 * i) >> 3);
  return sharp(data, { raw: { width, height, channels: 3 } });
}

const KINDS: [string, (image: sharp.Sharp) => sharp.Sharp][] = [
  ['4:2:0', (image) => image.jpeg({ chromaSubsampling: '4:2:0' })],
  ['4:4:4', (image) => image.jpeg({ chromaSubsampling: '4:4:4' })],
  ['quality 5', (image) => image.jpeg({ quality: 5 })],
  ['quality 100', (image) => image.jpeg({ quality: 100 })],
  ['progressive', (image) => image.jpeg({ progressive: true })],
  ['grey', (image) => image.toColourspace('b-w').jpeg()],
  ['mozjpeg', (image) => image.jpeg({ mozjpeg: true })],
];

describe('readJpegHeader', () => {
  test.each(KINDS)('%s', async (name, encode) => {
    const bytes = await encode(picture(37, 23)).toBuffer();
    const components = name === 'grey' ? 1 : 3;
    const expected = { width: 37, height: 23, components, depth: 8, orientation: 1 };
    expect(readJpegHeader(bytes)).toEqual(expected);
  });

  test('knows CMYK and which way is up', async () => {
    const cmyk = await picture(8, 8).toColourspace('cmyk').jpeg().toBuffer();
    expect(readJpegHeader(cmyk)).toMatchObject({ components: 4 });
    for (let orientation = 1; orientation <= 8; orientation++) {
      const bytes = await picture(8, 9).withMetadata({ orientation }).jpeg().toBuffer();
      expect(readJpegHeader(bytes)).toMatchObject({ orientation });
    }
  });

  test('never reads beyond its bytes, and is null for what is no JPEG', async () => {
    const bytes = await picture(8, 9).withMetadata({ orientation: 1 }).jpeg().toBuffer();
    for (let end = 0; end < bytes.length; end += 3) {
      const header = readJpegHeader(Uint8Array.prototype.slice.call(bytes, 0, end));
      if (header) expect(header).toMatchObject({ width: 8, height: 9 });
    }
    expect(readJpegHeader(await picture(8, 9).png().toBuffer())).toBeNull();
    expect(readJpegHeader(new Uint8Array())).toBeNull();
  });

  test('takes an Exif block that it cannot follow for one that says nothing', () => {
    const frame = [0xff, 0xc0, 0, 11, 8, 0, 9, 0, 8, 3, 0, 0, 0];
    const exif = [...Buffer.from('Exif\0\0II*\0'), 0xff, 0, 0, 0];
    const scan = [0xff, 0xda, 0, 2];
    const segments = [0xff, 0xe1, 0, exif.length + 2, ...exif, ...frame, ...scan];
    const header = readJpegHeader(Uint8Array.from([0xff, 0xd8, ...segments]));
    expect(header).toMatchObject({ orientation: 1, width: 8, height: 9 });
  });
});

/** A frame of 8 x 9 in colour, and a scan; each case puts something before or into them. */
const FRAME = [0xff, 0xc0, 0, 11, 8, 0, 9, 0, 8, 3, 0, 0, 0];
const SCAN = [0xff, 0xda, 0, 2];
const headerOf = (...bytes: number[]) => readJpegHeader(Uint8Array.from([0xff, 0xd8, ...bytes]));

test.each([
  ['bytes that begin no segment', [0x05, 0x10, 0x7f, 0xff, ...FRAME, ...SCAN]],
  ['a stuffed byte', [0xff, 0x00, 0x7f, 0x10, ...FRAME, ...SCAN]],
  ['fill bytes before a marker', [0xff, 0xff, 0xff, ...FRAME, ...SCAN]],
])('%s: passed over', (_, bytes) => {
  expect(headerOf(...bytes)).toMatchObject({ width: 8, height: 9 });
});

test.each([
  ['a length that does not count itself', [0xff, 0xe0, 0, 1, ...FRAME, ...SCAN]],
  ['a scan that is longer than the file', [...FRAME, 0xff, 0xda, 0, 9]],
  ['a segment that is longer than the file', [0xff, 0xe0, 0x7f, 0xff, ...FRAME, ...SCAN]],
  ['no scan', FRAME],
])('%s: no header', (_, bytes) => {
  expect(headerOf(...bytes)).toBeNull();
});

test.each([0x01, 0xd0, 0xd7, 0xd8, 0xd9])(
  'marker %i stands alone: what follows is no length',
  (marker) => {
    const frame = [0xff, 0xc0, 0, 11, 8, 0, 9, 0, 8, 3, 0, 0, 0];
    const scan = [0xff, 0xda, 0, 2];
    const bytes = Uint8Array.from([0xff, 0xd8, 0xff, marker, ...frame, ...scan]);
    expect(readJpegHeader(bytes)).toMatchObject({ width: 8, height: 9 });
  },
);

/** So many pixels at most: those of a square of this side. */
const MOST_SIDE = 0x3fff;
const UNRESIZED = new ImageProcessorData({ doResize: false });

/** A JPEG's beginning and end, as far as they tell its size. */
function frameOf(width: number, height: number, { depth = 8, components = 3 } = {}): Uint8Array {
  const sides = [height >> 8, height & 255, width >> 8, width & 255];
  const frame = [0xff, 0xc0, 0, 11, depth, ...sides, components, 0, 0, 0];
  return Uint8Array.from([0xff, 0xd8, ...frame, ...SCAN]);
}

describe("what is for the addon's decoder", () => {
  const of = (bytes: Uint8Array) => encodedPicture(bytes, UNRESIZED, false);

  test.each([
    ['one pixel', 1, 1, {}],
    ['grey', 8, 9, { components: 1 }],
    ['as many pixels as any image may have', MOST_SIDE, MOST_SIDE, {}],
  ])('%s', (_, width, height, more) => {
    const data = frameOf(width, height, more);
    expect(of(data)).toEqual({
      data,
      width,
      height,
      channels: 3,
      encoding: 'jpeg',
      shrink: 1,
      resizedWidth: width,
      resizedHeight: height,
    });
  });

  test.each([
    ['no columns', frameOf(0, 9)],
    ['no rows', frameOf(8, 0)],
    ['more than eight bits', frameOf(8, 9, { depth: 12 })],
    ['CMYK', frameOf(8, 9, { components: 4 })],
    ['more pixels than any image may have', frameOf(MOST_SIDE + 1, MOST_SIDE)],
    ['no JPEG', Uint8Array.of(1, 2, 3, 4)],
  ])('not %s', (_, data) => {
    expect(of(data)).toBeNull();
  });

  test('nor what is to be turned', async () => {
    const turned = await picture(8, 9).withMetadata({ orientation: 6 }).jpeg().toBuffer();
    expect(of(turned)).toBeNull();
  });

  // Twice the size that is resized to stays, on both sides.
  test.each([
    [160, 160, 8],
    [159, 160, 4],
    [160, 159, 4],
    [80, 800, 4],
    [79, 800, 2],
    [40, 40, 2],
    [40, 39, 1],
  ])('fastDecode divides %i x %i for 10 x 10 by %i', (width, height, shrink) => {
    const settings = new ImageProcessorData({ size: { width: 10, height: 10 } });
    const data = frameOf(width, height);
    const shrinkOf = (wanted: ImageProcessorData, fastDecode = true) =>
      encodedPicture(data, wanted, fastDecode)?.shrink;
    expect(shrinkOf(settings)).toBe(shrink);
    expect(shrinkOf(settings, false)).toBe(1);
    expect(shrinkOf(settings.with({ doResize: false }))).toBe(1);
  });
});

test('raw pixels are taken up to the most that any image may have', () => {
  const raw = (width: number, height: number) => ({
    data: new Uint8Array(1),
    width,
    height,
    channels: 3 as const,
  });
  const sides = { width: MOST_SIDE, height: MOST_SIDE };
  expect(rawPicture(raw(MOST_SIDE, MOST_SIDE), UNRESIZED)).toMatchObject(sides);
  expect(() => rawPicture(raw(MOST_SIDE, MOST_SIDE + 1), UNRESIZED)).toThrow(
    `that is more than ${MOST_SIDE ** 2} pixels`,
  );
});

test.each([
  [1, 500, 0, 30],
  [500, 1, 33, 0],
])('raw pixels of %i x %i that would become %i x %i are refused', (width, height, less, least) => {
  const raw = { data: new Uint8Array(1500), width, height, channels: 3 };
  const settings = new ImageProcessorData({ size: { maxHeight: 30, maxWidth: 33 } });
  expect(() => rawPicture(raw, settings)).toThrow(
    expect.objectContaining({
      code: 'ERR_BIT_IMAGE',
      message:
        `An image of ${width} x ${height} would be resized to ${less} x ${least}: ` +
        'it is too narrow for this size',
    }) as Error,
  );
});

describe('the addon and sharp decode alike', () => {
  const plain = new BitImageProcessor({ doResize: false, doCenterCrop: false, doRescale: false });
  const processor = plain.with({ doNormalize: false }) as BitImageProcessor;

  test.each(KINDS)('%s', async (_, encode) => {
    for (const [width, height] of [
      [1, 1],
      [2, 17],
      [16, 16],
      [33, 7],
      [100, 75],
    ] as const) {
      const bytes = await encode(picture(width, height)).toBuffer();
      const ours = await processor.preprocess(bytes);
      const theirs = await processor.preprocess(sharp(bytes));
      expect(ours.pixelValues.shape).toEqual([1, 3, height, width]);
      expect(Buffer.compare(bytesOf(ours), bytesOf(theirs))).toBe(0);
    }
  });

  test.each(KINDS)('%s, where a crop leaves columns out', async (_, encode) => {
    for (const [width, height] of [
      [200, 40],
      [331, 64],
      [640, 50],
    ] as const) {
      const bytes = await encode(picture(width, height)).toBuffer();
      for (const crop of [8, 13, 24, 33]) {
        const cropped = processor.with({
          doResize: true,
          size: { shortestEdge: 37 },
          doCenterCrop: true,
          cropSize: { height: 30, width: crop },
        }) as BitImageProcessor;
        const ours = await cropped.preprocess(bytes);
        const theirs = await cropped.preprocess(sharp(bytes));
        expect(ours.pixelValues.shape).toEqual([1, 3, 30, crop]);
        expect(Buffer.compare(bytesOf(ours), bytesOf(theirs))).toBe(0);
      }
    }
  });

  const bytesOf = ({ pixelValues }: { pixelValues: Tensor }) => pixelValues.data as Uint8Array;

  test('what is damaged is left to sharp, which says what is wrong', async () => {
    const bytes = await picture(64, 64).jpeg().toBuffer();
    const broken = bytes.subarray(0, bytes.length - 100);
    await expect(processor.preprocess(broken)).rejects.toMatchObject({ code: 'ERR_BIT_IMAGE' });
  });
});

describe('fastDecode', () => {
  /** A smooth picture, as photographs are. */
  const photograph = (width: number, height: number) =>
    picture(12, 9).resize(width, height, { kernel: 'cubic', fit: 'fill' }).jpeg({ quality: 92 });
  const processor = new BitImageProcessor();
  /** Promised in the README: of pixel values in 0 to 255, as a mean over the picture. */
  const MEAN_BOUND = 1;

  async function apart(bytes: Buffer, fastDecode: boolean) {
    const settings = { doRescale: false, doNormalize: false };
    const exact = await processor.preprocess(bytes, settings);
    const fast = await processor.preprocess(bytes, { ...settings, fastDecode });
    expect(fast.pixelValues.shape).toEqual(exact.pixelValues.shape);
    const values = [...fast.pixelValues.data] as number[];
    const total = values.reduce(
      (sum, value, i) => sum + Math.abs(value - Number(exact.pixelValues.data[i])),
      0,
    );
    return total / values.length;
  }

  test('changes large photographs by no more than is promised', async () => {
    const difference = await apart(await photograph(2000, 1500).toBuffer(), true);
    expect(difference).toBeLessThan(MEAN_BOUND);
    // Without a decoder of our own it has no effect.
    expect(difference > 0).toBe(systemInfo().jpeg !== null);
  });

  test('leaves smaller ones as they are', async () => {
    expect(await apart(await photograph(640, 427).toBuffer(), true)).toBe(0);
  });
});
