// Small encoded pictures of every kind, lying and standing, whole and broken, against Pillow's RGB.
import { BitImageProcessor } from '../../lib';
import { decodeImage } from '../../lib/image/decode';
import { HeldImage } from '../../lib/image/input';
import { encodedPictures } from '../support/encoded';

/** What two AV1 decoders, and two conversions to RGB, may differ by. */
const AVIF_STEPS = 8;

const decode = async (encoded: Uint8Array) => decodeImage(await HeldImage.of(encoded).read(), null);

const readable = encodedPictures.filter(({ error }) => !error);

test.each(readable)('$name', async ({ name, file, width, height, rgb }) => {
  const pixels = await decode(file);
  expect([pixels.width, pixels.height, pixels.channels]).toEqual([width, height, 3]);
  if (!name.startsWith('AVIF')) expect(Buffer.from(pixels.data)).toEqual(rgb);
  else
    pixels.data.forEach((value, i) =>
      expect(Math.abs(value - Number(rgb[i]))).toBeLessThan(AVIF_STEPS),
    );
});

test("the addon's own decoder turns them too", async () => {
  const settings = { doResize: false, doCenterCrop: false, doRescale: false, doNormalize: false };
  const processor = new BitImageProcessor(settings);
  const jpegs = readable.filter(({ name }) => name.startsWith('JPEG'));
  expect(jpegs.length).toBeGreaterThan(40);
  for (const { name, file, width, height, rgb } of jpegs) {
    const { pixelValues } = await processor.preprocess(file);
    expect([name, ...pixelValues.shape]).toEqual([name, 1, 3, height, width]);
    const plane = width * height;
    const interleaved = rgb.map((_, i) =>
      Number(pixelValues.data[(i % 3) * plane + Math.floor(i / 3)]),
    );
    expect(interleaved).toEqual(rgb);
  }
});

test.each(encodedPictures.filter(({ error }) => error))('$name is refused', async ({ file }) => {
  await expect(decode(file)).rejects.toMatchObject({
    code: 'ERR_BIT_IMAGE',
    message: expect.stringMatching(/^Cannot (decode|read) the image: \S/) as string,
  });
});
