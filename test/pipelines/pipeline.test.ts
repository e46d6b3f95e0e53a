// The life of a pipeline; what it answers is in the tests of its parts.
import { join } from 'node:path';
import { BitForImageClassification, BitModel, type BitError, pipeline } from '../../lib';
import { ROOT } from '../support/child';

const CAT = join(ROOT, 'examples', 'pictures', 'cat.jpg');
const disposed = { name: 'BitError', code: 'ERR_BIT_DISPOSED' };

test('dispose waits for the calls in flight and refuses later ones', async () => {
  const classify = await pipeline('image-classification');
  const answers = classify(
    Array.from({ length: 20 }, () => CAT),
    { batchSize: 2 },
  );
  await classify.dispose();
  expect(await answers).toHaveLength(20);
  await expect(classify(CAT)).rejects.toMatchObject(disposed);
  await classify.dispose();
});

test('dispose({ cancel: true }) stops them', async () => {
  const classify = await pipeline('image-classification');
  const answers = classify(
    Array.from({ length: 200 }, () => CAT),
    { batchSize: 2 },
  );
  const refused = expect(answers).rejects.toMatchObject(disposed);
  await classify.dispose({ cancel: true });
  await refused;
});

test('a hole in a list is an image that is undefined, and has a place', async () => {
  await using classify = await pipeline('image-classification');
  // eslint-disable-next-line no-sparse-arrays -- that is what is tested
  const holed = [CAT, , CAT] as string[];
  await expect(classify(holed)).rejects.toMatchObject({ code: 'ERR_BIT_IMAGE', index: 1 });
});

describe('options', () => {
  test('functionToApply and topK, of a call or of all', async () => {
    await using classify = await pipeline('image-classification', null, {
      functionToApply: 'none',
      topK: 16,
    });
    const { logits } = await classify.model.forward(
      (await classify.processor.preprocess(CAT)).pixelValues,
    );
    const scores = async (options?: object) =>
      (await classify(CAT, options)).map(({ score }) => score);
    const sorted = [...logits.data].sort((a, b) => b - a);
    expect(await scores()).toEqual(sorted);
    const sigmoid = await scores({ functionToApply: 'Sigmoid', topK: 2 });
    expect(sigmoid).toHaveLength(2);
    expect(sigmoid[0]).toBeCloseTo(1 / (1 + Math.exp(-(sorted[0] as number))), 6);
    const softmax = await scores({ functionToApply: null });
    expect(softmax.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    await expect(classify(CAT, { functionToApply: 'tanh' as never })).rejects.toMatchObject({
      code: 'ERR_BIT_CONFIG',
      message: expect.stringContaining("functionToApply but received 'tanh'") as string,
    });
  });

  test('imageProcessorKwargs, of a call over those of all, field by field', async () => {
    await using embed = await pipeline('image-feature-extraction', null, {
      imageProcessorKwargs: { doCenterCrop: false, size: { height: 96, width: 96 } },
    });
    const shape = async (options?: object) => (await embed(CAT, options)).shape.slice(2);
    expect(await shape()).toEqual([3, 3]);
    expect(await shape({ imageProcessorKwargs: { size: { height: 64, width: 128 } } })).toEqual([
      2, 4,
    ]);
    expect(embed.processor.doCenterCrop).toBe(true);
  });

  test.each([
    { imageProcessorKwargs: { sise: 3 } },
    { imageProcessorKwargs: 3 },
    { functionToApply: 'tanh' },
    { topK: 0 },
  ])('%p is refused at once', async (options) => {
    await expect(pipeline('image-classification', null, options as never)).rejects.toMatchObject({
      name: 'BitError',
      code: 'ERR_BIT_CONFIG',
    });
  });
});

test.each([
  ['object-detection', "'object-detection'"],
  ['image-classifications', "'image-classifications'"],
  ['', "''"],
  [undefined, 'undefined'],
  [null, 'null'],
  [{}, '{}'],
])('the task %p is refused before anything is read', async (task, shown) => {
  await expect(pipeline(task as never, '/nowhere/at/all')).rejects.toMatchObject({
    name: 'BitError',
    code: 'ERR_BIT_CONFIG',
    message:
      "Expected 'image-classification' or 'image-feature-extraction' for task but received " +
      shown,
  });
});

test('a pipeline says what it is, and ends by either name', async () => {
  const classify = await pipeline('image-classification');
  const embed = await pipeline('image-feature-extraction', undefined);
  expect([classify.task, embed.task]).toEqual(['image-classification', 'image-feature-extraction']);
  expect(classify.model).toBeInstanceOf(BitForImageClassification);
  expect(embed.model).toBeInstanceOf(BitModel);
  expect(await classify(CAT)).toHaveLength(5);
  expect(await classify([CAT])).toEqual([await classify(CAT)]);
  await classify[Symbol.asyncDispose]();
  await embed.dispose();
  for (const gone of [classify, embed]) await expect(gone(CAT)).rejects.toMatchObject(disposed);
});

describe('the image at fault is named by its place in the whole list, once', () => {
  const raw = (width: number, channels = 3) => ({
    data: new Uint8Array(width * 64 * channels),
    width,
    height: 64,
    channels,
  });
  const noCrop = { doCenterCrop: false, doResize: false };
  const asTheyAre = { doConvertRgb: false, imageMean: [0.5], imageStd: [0.5] };
  const [good, wide, four] = [raw(64), raw(80), raw(64, 4)];
  const rows = [
    { what: 'another size', bad: wide, options: noCrop, words: /: comes out as 80 x 64 but/ },
    { what: 'other channels', bad: four, options: asTheyAre, words: /: has 4 channels but/ },
    { what: 'no picture', bad: 'none.png', options: {}, words: /: Cannot read none\.png/ },
  ];
  const sizes = [2, 3, 4, 8].flatMap((batchSize) => rows.map((row) => ({ ...row, batchSize })));

  test.each(sizes)(
    '$what, in batches of $batchSize',
    async ({ bad, options, words, batchSize }) => {
      await using classify = await pipeline('image-classification');
      const images = [good, good, good, good, good, bad, bad];
      const call = classify(images, { batchSize, imageProcessorKwargs: options });
      const error = (await call.catch((e: unknown) => e)) as BitError;
      expect(error).toMatchObject({ name: 'BitError', code: 'ERR_BIT_IMAGE', index: 5 });
      expect(error.message).toMatch(words);
      expect(error.message.match(/image \d+/gi)).toEqual(['Image 5']);
      expect(error.message).toMatch(/^Image 5 of 7: /);
    },
  );
});
