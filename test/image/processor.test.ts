import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BitImageProcessor, pipeline, type Tensor } from '../../lib';
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

describe('inputs belong to the caller again once the call has returned', () => {
  const SIDE = 8;
  const frame = (data: Uint8Array) => ({ data, width: SIDE, height: SIDE, channels: 3 });
  const level = (value: number) => new Uint8Array(SIDE * SIDE * 3).fill(value);

  test("a camera's buffer, filled anew after each call of preprocess", async () => {
    const processor = new BitImageProcessor({ cropSize: 4, size: 4 } as never);
    const expected = [];
    for (const value of [10, 20, 30])
      expected.push((await processor.preprocess(frame(level(value)))).pixelValues.data);
    const buffer = level(0);
    const calls = [10, 20, 30].map((value) => {
      buffer.fill(value);
      return processor.preprocess([frame(buffer), frame(buffer)]);
    });
    buffer.fill(99);
    const got = await Promise.all(calls);
    for (const [i, { pixelValues }] of got.entries())
      expect(pixelValues.data.slice(0, 48)).toEqual(expected[i]);
  });

  test('and of a pipeline, for its later batches too', async () => {
    const classify = await pipeline('image-classification');
    const alone = await classify(frame(level(200)), { topK: 1 });
    const buffer = level(200);
    const call = classify(
      Array.from({ length: 5 }, () => frame(buffer)),
      { topK: 1, batchSize: 1 },
    );
    buffer.fill(3);
    expect(await call).toEqual(new Array(5).fill(alone));
    await classify.dispose();
  });
});

describe('what is too large is refused before anything is read', () => {
  const many = new Array<string>(20_000).fill('no such file.jpg');

  test('pixel values beyond 4 GiB', async () => {
    const processor = new BitImageProcessor();
    await expect(processor.preprocess(many)).rejects.toMatchObject({
      code: 'ERR_BIT_OUT_OF_MEMORY',
      message: expect.stringContaining('20000 x 3 x 224 x 224 take 11.2 GiB') as string,
    });
  });

  test.each([
    ['rescaled alone', { doNormalize: false }, true],
    ['normalised alone', { doRescale: false }, true],
    ['neither, of which a value takes one byte', { doRescale: false, doNormalize: false }, false],
    ['of no certain size', { doCenterCrop: false }, false],
  ])('pixel values that are %s', async (_, fields, refused) => {
    const attempt = new BitImageProcessor(fields).preprocess(many);
    // What is not refused for its size is, for want of a file.
    const code = refused ? 'ERR_BIT_OUT_OF_MEMORY' : 'ERR_BIT_IMAGE';
    await expect(attempt).rejects.toMatchObject({ code });
  });

  test('a size beyond what is resized to', async () => {
    const processor = new BitImageProcessor({ size: { height: 100_000, width: 100_000 } });
    const image = { data: new Uint8Array(12), width: 2, height: 2, channels: 3 };
    await expect(processor.preprocess(image)).rejects.toMatchObject({
      code: 'ERR_BIT_IMAGE',
      message: expect.stringMatching(/100000 x 100000: that is more than \d+ pixels/) as string,
    });
  });
});

test('an aborted call does not wait for a decoder that goes on', async () => {
  const slow = {
    clone: () => slow,
    raw: () => slow,
    autoOrient: () => slow,
    metadata: () => new Promise(() => undefined),
  };
  const controller = new AbortController();
  const call = new BitImageProcessor().preprocess(slow as never, { signal: controller.signal });
  const reason = new Error('enough');
  setTimeout(() => controller.abort(reason), 5);
  await expect(call).rejects.toBe(reason);
});
