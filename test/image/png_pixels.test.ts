// PNGs by the addon's own decoder beside Pillow's pixels and sharp's, whole and broken.
import { createDeflate } from 'node:zlib';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { BitImageProcessor, systemInfo } from '../../lib';
import { decodeImage } from '../../lib/image/decode';
import type { RawPixels } from '../../lib/image/input';
import { decodedByAddon } from '../support/addon_pixels';
import { runScript } from '../support/child';
import { damaged } from '../support/damaged';
import { oddPngs, pngPictures } from '../support/encoded';
import { chunk, COLOURS, header, png, rowBytes, SIGNATURE, type PngOptions } from '../support/png';
import { temporaryFolder } from '../support/temporary';

const hasDecoder = systemInfo().png !== null;

const bySharp = (encoded: Uint8Array) => decodeImage({ encoded }, null);

/** Of sharp, or the message of its error. */
const orRefused = (encoded: Uint8Array): Promise<RawPixels | string> =>
  bySharp(encoded).catch((error: unknown) => (error as Error).message);

const areSame = (a: RawPixels, b: RawPixels) => Buffer.from(a.data).equals(Buffer.from(b.data));

/** That it took the file and gave sharp's pixels, or left it to sharp. */
async function expectSame(file: Uint8Array, isLeft: boolean): Promise<void> {
  const [ours, theirs] = [await decodedByAddon(file), await orRefused(file)];
  expect(ours === null).toBe(isLeft || !hasDecoder);
  if (ours === null || typeof theirs === 'string') return expect(ours).toBeNull();
  expect([ours.width, ours.height]).toEqual([theirs.width, theirs.height]);
  expect(areSame(ours, theirs)).toBe(true);
}

describe('the pixels are those of Pillow', () => {
  test.each(pngPictures)('$name', async ({ name, file, width, height, rgb }) => {
    const pixels = await bySharp(file);
    expect([pixels.width, pixels.height, pixels.channels]).toEqual([width, height, 3]);
    expect(Buffer.from(pixels.data)).toEqual(rgb);
    await expectSame(file, name.endsWith('interlaced'));
  });

  test('there are all colour types, depths and filters among them', () => {
    expect(pngPictures.length).toBeGreaterThan(180);
    expect(pngPictures.every(({ error }) => error === undefined)).toBe(true);
  });
});

describe('what is broken is left to sharp, and some of it read', () => {
  /** What Pillow reads and libpng, sharp's as ours, refuses. */
  const REFUSED = [
    "RGB, cut off in its pixels' checksum",
    'RGB, a row too few',
    'RGB, an unknown chunk that matters',
    "RGB, Apple's first chunk",
    'palette, none there',
  ];
  /** Broken behind the pixels. */
  const TAKEN = ['RGB, cut off in its end'];

  test.each(oddPngs)('$name', async ({ name, file, error, rgb }) => {
    const pixels = await orRefused(file);
    const isRefused = error !== undefined || REFUSED.includes(name);
    if (isRefused) expect(pixels).toMatch(/^Cannot decode the image: \S/);
    else expect(Buffer.from((pixels as RawPixels).data)).toEqual(rgb);
    await expectSame(file, !TAKEN.includes(name));
    // The message is sharp's own.
    if (typeof pixels === 'string')
      await expect(new BitImageProcessor().preprocess(file)).rejects.toMatchObject({
        code: 'ERR_BIT_IMAGE',
        message: pixels,
      });
  });
});

const kinds = Object.entries(COLOURS).flatMap(([colour, { depths }]) =>
  depths.map((depth) => ({ colour: colour as keyof typeof COLOURS, depth })),
);

/** Any PNG that is whole. */
const options: fc.Arbitrary<PngOptions> = fc
  .record({
    kind: fc.constantFrom(...kinds),
    width: fc.integer({ min: 1, max: 70 }),
    height: fc.integer({ min: 1, max: 9 }),
    seed: fc.nat(),
    filter: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
    isTransparent: fc.boolean(),
    colours: fc.integer({ min: 1, max: 256 }),
    part: fc.integer({ min: 1, max: 200 }),
  })
  .map(({ kind, isTransparent, colours, ...rest }) => ({
    ...kind,
    ...rest,
    colours: Math.min(colours, 2 ** kind.depth),
    isTransparent: isTransparent && !['greyAlpha', 'rgba'].includes(kind.colour),
  }))
  // A palette's tRNS chunk has two values.
  .filter(
    ({ colours, isTransparent, colour }) => colour !== 'palette' || !isTransparent || colours > 1,
  );

describe('the addon and sharp decode alike', () => {
  test('any whole file, with colours beyond its palette too', async () => {
    const property = fc.asyncProperty(options, (each) => expectSame(png(each), false));
    await fc.assert(property, { numRuns: 400 });
  });

  test('files that are cut off or changed anywhere, or are left to sharp', async () => {
    let taken = 0;
    for (const [seed, kind] of kinds.entries()) {
      const info = [
        chunk('gAMA', Buffer.from([0, 0, 0xb1, 0x8f])),
        chunk('tEXt', Buffer.from('a\0b')),
      ];
      const file = png({ ...kind, width: 9, height: 4, seed, part: 60, before: info, after: info });
      for (const bytes of damaged(file, seed)) {
        const ours = await decodedByAddon(bytes);
        if (!ours) continue;
        taken++;
        const theirs = await bySharp(bytes);
        expect([ours.width, ours.height]).toEqual([theirs.width, theirs.height]);
        expect(areSame(ours, theirs)).toBe(true);
      }
    }
    // Bytes behind the pixels.
    if (hasDecoder) expect(taken).toBeGreaterThan(100);
  });

  test('where a crop leaves columns out, and rows', async () => {
    for (const { colour, depth } of kinds) {
      const file = png({ colour, depth, width: 331, height: 64, seed: depth });
      for (const crop of [8, 13, 24]) {
        const processor = new BitImageProcessor({
          size: { shortestEdge: 37 },
          cropSize: { height: 30, width: crop },
          doRescale: false,
          doNormalize: false,
        });
        const { pixelValues: ours } = await processor.preprocess(file);
        const { pixelValues: theirs } = await processor.preprocess(await bySharp(file));
        expect(ours.shape).toEqual([1, 3, 30, crop]);
        expect(ours.data).toEqual(theirs.data);
      }
    }
  });

  test('what sharp writes', async () => {
    const data = Uint8Array.from({ length: 37 * 23 * 4 }, (_, i) => (i * i + 31 * i) >> 3);
    const image = () => sharp(data, { raw: { width: 37, height: 23, channels: 4 } });
    await expectSame(await image().png().toBuffer(), false);
    await expectSame(await image().png({ palette: true, colours: 5 }).toBuffer(), false);
    await expectSame(await image().png({ adaptiveFiltering: true }).toBuffer(), false);
    await expectSame(await image().png({ progressive: true }).toBuffer(), true);
    await expectSame(await image().withMetadata({ orientation: 6 }).png().toBuffer(), true);
    await expectSame(await image().withMetadata({ icc: 'p3' }).png().toBuffer(), false);
  });
});

const folder = temporaryFolder();
const withDecoder = hasDecoder ? test : test.skip;

withDecoder("a picture's memory does not grow with its height", async () => {
  const file = join(folder, 'huge.png');
  writeFileSync(file, await stripes({ colour: 'rgba', depth: 8, width: 16_000, height: 10_000 }));
  const script = `
    const { readFileSync } = require('node:fs');
    const peak = () => /VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1] / 1024;
    (async () => {
      const processor = new bigtransfer.BitImageProcessor();
      await processor.preprocess(${JSON.stringify(join(__dirname, '../reference/images/rgba.png'))});
      const before = peak();
      const { pixelValues } = await processor.preprocess(${JSON.stringify(file)});
      print({ grown: peak() - before, shape: pixelValues.shape });
    })();`;
  const { grown, shape } = await runScript<{ grown: number; shape: number[] }>(script);
  expect(shape).toEqual([1, 3, 224, 224]);
  // The whole of it has 610 MB.
  expect(grown).toBeLessThan(30);
});

/** A picture whose rows are all alike, made without ever having all of it. */
async function stripes(picture: PngOptions): Promise<Buffer> {
  const UP = 2;
  const first = Buffer.from(png({ ...picture, height: 1 })).subarray(0, rowBytes(picture));
  const other = Buffer.alloc(first.length);
  first[0] = other[0] = UP;
  const rows = Array.from({ length: picture.height }, (_, y) => (y === 0 ? first : other));
  const packed = await buffer(Readable.from(rows).pipe(createDeflate({ level: 1 })));
  return Buffer.concat([SIGNATURE, header(picture), chunk('IDAT', packed), chunk('IEND')]);
}
