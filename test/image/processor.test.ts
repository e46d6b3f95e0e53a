import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BitImageProcessor, type Tensor } from '../../lib';
import { IMAGES, expected, rawBytes, sha256, type ExpectedPixels } from '../support/pictures';
import { REFERENCE } from '../support/reference';

/** What transformers does with these needs no counterpart: BiT crops to a fixed size. */
const NOT_OURS = ['padded'];
/** Deviations of zero: transformers returns infinities where it divides before it checks. */
const STRICTER = ['zero_std'];

const processorOf = (setting: string) =>
  BitImageProcessor.fromJSON({ ...expected.settings[setting] });

function expectPixels(actual: Tensor, { shape, dtype, sha256: hash }: ExpectedPixels): void {
  expect(actual.shape).toEqual(shape);
  expect(actual.dtype).toBe(dtype);
  expect(sha256(actual.data)).toBe(hash);
}

describe("preprocess gives transformers' bits", () => {
  const cases = expected.cases.filter(({ setting }) => !NOT_OURS.includes(setting));
  const answered = cases.filter(({ error }) => !error);

  for (const each of answered.filter(({ setting }) => !STRICTER.includes(setting))) {
    test(`${each.picture}, ${each.setting}`, async () => {
      const processor = processorOf(each.setting) as BitImageProcessor;
      const { pixelValues } = await processor.preprocess(join(IMAGES, each.picture));
      expectPixels(pixelValues, each);
    });
  }

  for (const each of cases.filter(({ error }) => error)) {
    test(`${each.picture}, ${each.setting}: refused by both`, async () => {
      const attempt = async () =>
        (processorOf(each.setting) as BitImageProcessor).preprocess(join(IMAGES, each.picture));
      await expect(attempt()).rejects.toMatchObject({ name: 'BitError' });
    });
  }

  for (const { width, height, channels, seed, sha256: hash, cases: settings } of expected.raw) {
    const data = rawBytes(width * height * channels, seed);
    test(`raw ${width} x ${height} x ${channels}: the generator`, () =>
      expect(sha256(data)).toBe(hash));
    for (const each of settings.filter(({ error }) => !error)) {
      test(`raw ${width} x ${height} x ${channels}, ${each.setting}`, async () => {
        const processor = processorOf(each.setting) as BitImageProcessor;
        const { pixelValues } = await processor.preprocess({ data, width, height, channels });
        expectPixels(pixelValues, each);
      });
    }
  }
});

describe('preprocess', () => {
  const processor = new BitImageProcessor();
  const good = join(IMAGES, 'rgb.png');

  test('batches a list of mixed sizes and kinds as one by one', async () => {
    const names = ['rgb.png', 'grey.jpg', 'strip_500x1.png', 'cmyk_adobe.jpg'];
    const paths = names.map((name) => join(IMAGES, name));
    const { pixelValues } = await processor.preprocess(paths);
    expect(pixelValues.shape).toEqual([4, 3, 224, 224]);
    for (const [i, path] of paths.entries()) {
      const alone = await processor.preprocess(path);
      const count = alone.pixelValues.data.length;
      expect(sha256(pixelValues.data.subarray(i * count, (i + 1) * count))).toBe(
        sha256(alone.pixelValues.data),
      );
    }
  });

  test('names the bad image of a list by its index', async () => {
    await expect(processor.preprocess([good, good, '/nowhere.jpg', good])).rejects.toMatchObject({
      code: 'ERR_BIT_IMAGE',
      index: 2,
      message: expect.stringContaining('Image 2 of 4: Cannot read /nowhere.jpg') as string,
    });
  });

  test('refuses an empty list', async () => {
    await expect(processor.preprocess([])).rejects.toMatchObject({ code: 'ERR_BIT_IMAGE' });
  });

  test('refuses sizes that do not stack, naming the image', async () => {
    const images = [good, join(IMAGES, 'grey.jpg')];
    await expect(processor.preprocess(images, { doCenterCrop: false })).rejects.toMatchObject({
      code: 'ERR_BIT_IMAGE',
      index: 1,
    });
  });

  test('takes overrides for one call', async () => {
    const { pixelValues } = await processor.preprocess(good, {
      cropSize: { height: 10, width: 20 },
    });
    expect(pixelValues.shape).toEqual([1, 3, 10, 20]);
    expect(processor.cropSize).toEqual({ height: 224, width: 224 });
    await expect(processor.preprocess(good, { crop: 3 } as never)).rejects.toMatchObject({
      code: 'ERR_BIT_CONFIG',
    });
  });

  test('rejects with the reason of an aborted signal', async () => {
    const reason = new Error('enough');
    await expect(processor.preprocess(good, { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
  });
});

/** test/reference/make_channels.py */
interface ChannelsRow {
  channels: number;
  seed: number;
  settings: Record<string, unknown>;
  sha256: string;
}

describe("raw pixels with a mean for each of their channels give transformers' bits", () => {
  const text = readFileSync(join(REFERENCE, 'channels.json'), 'utf8');
  const file = JSON.parse(text) as { width: number; height: number; rows: ChannelsRow[] };
  const { width, height } = file;
  const rows = file.rows.map((row) => ({ ...row, words: JSON.stringify(row.settings) }));

  test.each(rows)(
    '$channels channels, $words',
    async ({ channels, seed, settings, sha256: hash }) => {
      const processor = BitImageProcessor.fromJSON(settings) as BitImageProcessor;
      const data = rawBytes(width * height * channels, seed);
      const { pixelValues } = await processor.preprocess({ data, width, height, channels });
      expect(pixelValues.shape).toEqual([1, channels, 18, 18]);
      expect(sha256(pixelValues.data)).toBe(hash);
    },
  );

  test('others become RGB, and a list must agree', async () => {
    const raw = (channels: number) => ({
      data: rawBytes(8 * 8 * channels, 1),
      width: 8,
      height: 8,
      channels,
    });
    const processor = new BitImageProcessor({ imageMean: 0.5, imageStd: [0.5] });
    const images = [1, 2, 3, 4].map(raw);
    expect((await processor.preprocess(images)).pixelValues.shape).toEqual([4, 3, 224, 224]);
    const four = { imageMean: [0.1, 0.2, 0.3, 0.4], imageStd: [1, 1, 1, 1] };
    await expect(processor.preprocess([raw(4), raw(3)], four)).rejects.toMatchObject({
      code: 'ERR_BIT_IMAGE',
      index: 1,
    });
  });
});
