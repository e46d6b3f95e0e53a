// Maps against those of transformers' model; which classes, which models, which images.
import { join } from 'node:path';
jest.mock('node:timers/promises', () => {
  const actual = jest.requireActual<typeof import('node:timers/promises')>('node:timers/promises');
  return { ...actual, setImmediate: jest.fn(actual.setImmediate) };
});
import { setImmediate } from 'node:timers/promises';
import {
  BitConfig,
  BitForImageClassification,
  BitImageProcessor,
  BitModel,
  classActivationMap,
  pipeline,
  type ClassActivation,
  type ClassActivationOptions,
  type ImageClassificationPipeline,
} from '../../lib';
import { ROOT } from '../support/child';
import { explanationCases, openCase } from '../support/explanations';

const PICTURES = join(ROOT, 'examples', 'pictures');
const [BOAT, CAT, COFFEE] = ['boat.jpg', 'cat.jpg', 'coffee.jpg'].map((name) =>
  join(PICTURES, name),
) as [string, string, string];

const SMALL = { embeddingSize: 8, hiddenSizes: [8, 16], depths: [1, 1], numGroups: 4 };
const PIXELS = {
  data: new Uint8Array(40 * 32 * 3).map((_, i) => i * 7),
  width: 40,
  height: 32,
  channels: 3,
};
const SQUARE = { size: 32, cropSize: 32 } as object;

/** The mean of each map plus the bias of its class, and the logit that it should be. */
function sums({ maps, targets }: ClassActivation): [number, number][] {
  const classes = targets.flat();
  const cells = maps.data.length / classes.length;
  return classes.map(({ bias, logit }, place) => {
    const map = Array.from(maps.data.subarray(place * cells, (place + 1) * cells));
    return [map.reduce((a, b) => a + b, 0) / cells + bias, logit];
  });
}

function expectExact(activation: ClassActivation): void {
  for (const [sum, logit] of sums(activation)) expect(Math.abs(sum - logit)).toBeLessThan(1e-5);
}

describe.each(explanationCases)('as transformers: %s', (_, each) => {
  test('maps, logits and biases', async () => {
    const { model, processor, picture } = await openCase(each);
    const target = each.maps.map((_, index) => index);
    const activation = await classActivationMap(model, picture, { processor, target });
    const { maps, logits, targets } = activation;
    const [height = 0, width = 0] = [each.maps[0]?.length, each.maps[0]?.[0]?.length];
    expect(maps.shape).toEqual([1, target.length, height, width]);
    const largest = Math.max(...each.maps.flat(2).map(Math.abs));
    each.maps.flat(2).forEach((value, i) => {
      expect(Math.abs((maps.data[i] as number) - value)).toBeLessThan(2e-5 * largest);
    });
    each.logits.forEach((value, i) => expect(logits.data[i]).toBeCloseTo(value, 4));
    expect(targets[0]?.map(({ bias }) => bias)).toEqual(each.bias);
    expect(targets[0]?.map(({ logit }) => logit)).toEqual([...logits.data]);
    expectExact(activation);
    await model.dispose();
  });
});

describe('a pipeline', () => {
  let classify: ImageClassificationPipeline;
  beforeAll(async () => {
    classify = await pipeline('image-classification');
  });
  afterAll(() => classify.dispose());

  test('the best class by default, with the score that the pipeline gives', async () => {
    const images = [BOAT, CAT, COFFEE];
    const activation = await classActivationMap(classify, images);
    expect(activation.maps.shape).toEqual([3, 3, 3]);
    expect(activation.logits.shape).toEqual([3, 16]);
    const answers = await classify(images, { topK: 1 });
    expect(
      activation.targets.map((classes) => classes.map(({ label, score }) => ({ label, score }))),
    ).toEqual(answers);
    expectExact(activation);
  });

  test('topK: the best classes of each image, best first, as many as there are', async () => {
    const activation = await classActivationMap(classify, [BOAT, CAT], { topK: 99 });
    expect(activation.maps.shape).toEqual([2, 16, 3, 3]);
    const labels = activation.targets.map((classes) => classes.map(({ label }) => label));
    const answers = await classify([BOAT, CAT], { topK: 16 });
    expect(labels).toEqual(answers.map((answer) => answer.map(({ label }) => label)));
    expectExact(activation);
    const { maps } = await classActivationMap(classify, BOAT, { topK: 1 });
    expect(maps.shape).toEqual([1, 1, 3, 3]);
  });

  test('several batches give what each image gives alone, in order', async () => {
    const images = [BOAT, CAT, COFFEE, CAT, BOAT];
    const options: ClassActivationOptions = { target: ['cat', 'boat'], batchSize: 2 };
    const { maps, targets, logits } = await classActivationMap(classify, images, options);
    expect(maps.shape).toEqual([5, 2, 3, 3]);
    for (const [i, image] of images.entries()) {
      const alone = await classActivationMap(classify, image, { target: ['cat', 'boat'] });
      expect(maps.data.slice(18 * i, 18 * (i + 1))).toEqual(alone.maps.data);
      expect(logits.data.slice(16 * i, 16 * (i + 1))).toEqual(alone.logits.data);
      expect(targets[i]).toEqual(alone.targets[0]);
    }
  });

  test('a label and its number are the same class', async () => {
    const byName = await classActivationMap(classify, CAT, { target: 'umbrella' });
    const byNumber = await classActivationMap(classify, CAT, { target: 15 });
    expect(byName.maps).toEqual(byNumber.maps);
    expect(byName.maps.shape).toEqual([1, 3, 3]);
    expect(byName.targets).toEqual(byNumber.targets);
    expect(byName.targets[0]).toMatchObject([{ index: 15, label: 'umbrella' }]);
  });

  test('one forward pass for each batch', async () => {
    const completed = () => classify.model.stats().calls.completed;
    const before = completed();
    await classActivationMap(classify, [BOAT, CAT, COFFEE], { target: 3, batchSize: 2 });
    expect(completed() - before).toBe(2);
  });

  test("the pipeline's options count, and those of the call before them", async () => {
    await using own = await pipeline('image-classification', null, {
      topK: 3,
      functionToApply: 'sigmoid',
      imageProcessorKwargs: { cropSize: { height: 64, width: 128 } },
    });
    const { maps, targets } = await classActivationMap(own, BOAT);
    expect(maps.shape).toEqual([1, 2, 4]);
    const { score = 0, logit = 0 } = targets[0]?.[0] ?? {};
    expect(score).toBeCloseTo(1 / (1 + Math.exp(-logit)), 6);
    const given = await classActivationMap(own, BOAT, {
      functionToApply: 'none',
      imageProcessorKwargs: { cropSize: { height: 96, width: 96 } },
    });
    expect(given.maps.shape).toEqual([1, 3, 3]);
    expect(given.targets[0]?.[0]?.score).toBe(given.targets[0]?.[0]?.logit);
  });

  test.each<[ClassActivationOptions, RegExp]>([
    [{ target: 16 }, /a class from 0 to 15 for target but received 16/],
    [{ target: 'umbrela' }, /one of the model's labels .* 'umbrela' \(did you mean 'umbrella'\?\)/],
    [{ target: 'xyzzy' }, /one of the model's labels for target but received 'xyzzy'$/],
    [{ target: [0, 99] }, /from 0 to 15 for target but received 99/],
    [{ target: -1 }, /index or label/],
    [{ target: 1.5 }, /index or label/],
    [{ target: [] }, /non-empty/],
    [{ target: [[1]] as never }, /non-empty array/],
    [{ target: 1, topK: 2 }, /target or topK but received both/],
    [{ topK: 0 }, /a positive integer for topK/],
    [{ topk: 2 } as never, /Unknown option 'topk' \(did you mean 'topK'\?\)/],
    [{ processor: {} as never }, /a BitImageProcessor for processor/],
  ])('%j is refused before an image is read', async (options, message) => {
    const refused = classActivationMap(classify, 'no such picture', options);
    await expect(refused).rejects.toMatchObject({
      code: 'ERR_BIT_CONFIG',
      message: expect.stringMatching(message) as string,
    });
  });

  test('a bad image of a list is named by its place', async () => {
    const refused = classActivationMap(classify, [BOAT, CAT, 'nowhere.jpg'], { batchSize: 1 });
    await expect(refused).rejects.toMatchObject({
      code: 'ERR_BIT_IMAGE',
      index: 2,
      message: expect.stringContaining('Image 2 of 3: Cannot read nowhere.jpg') as string,
    });
    await expect(classActivationMap(classify, [])).rejects.toMatchObject({ code: 'ERR_BIT_IMAGE' });
    await expect(classActivationMap(classify, undefined as never)).rejects.toMatchObject({
      code: 'ERR_BIT_IMAGE',
    });
  });

  test('a signal stops it, with its reason', async () => {
    const reason = new Error('enough');
    const call = classActivationMap(classify, [BOAT, CAT], { signal: AbortSignal.abort(reason) });
    await expect(call).rejects.toBe(reason);
  });

  test('the caller may use its memory again at once', async () => {
    const data = PIXELS.data.slice();
    const call = classActivationMap(classify, { ...PIXELS, data });
    data.fill(0);
    expect((await call).maps).toEqual((await classActivationMap(classify, PIXELS)).maps);
  });
});

describe('a model', () => {
  const processor = new BitImageProcessor(SQUARE);

  test('several labels at once: each score by itself', async () => {
    const config = new BitConfig({
      ...SMALL,
      numLabels: 4,
      problemType: 'multi_label_classification',
    });
    await using model = await BitForImageClassification.fromConfig(config, { seed: 4 });
    const activation = await classActivationMap(model, PIXELS, { processor, target: [3, 0, 3] });
    expect(activation.maps.shape.slice(0, 2)).toEqual([1, 3]);
    const [first, second, third] = activation.targets[0] ?? [];
    expect(third).toEqual(first);
    expect([first?.label, second?.label]).toEqual(['LABEL_3', 'LABEL_0']);
    for (const { logit, score } of [first, second] as { logit: number; score: number }[])
      expect(score).toBeCloseTo(1 / (1 + Math.exp(-logit)), 6);
    expectExact(activation);
  });

  test('in bfloat16 the sum is the logit within its rounding', async () => {
    await using model = await BitForImageClassification.fromConfig(
      new BitConfig({ ...SMALL, numLabels: 4 }),
      { seed: 4, dtype: 'bfloat16' },
    );
    const activation = await classActivationMap(model, PIXELS, { processor, topK: 4 });
    for (const [sum, logit] of sums(activation)) expect(Math.abs(sum - logit)).toBeLessThan(0.02);
  });

  // The last map has 16 x 4 x 4 activations, and 2 ** 22 products are added up at once.
  test.each([
    [16_384, 0],
    [16_385, 1],
    [40_000, 2],
  ])('between the maps of %i classes the event loop has %i turns', async (count, turns) => {
    await using model = await BitForImageClassification.fromConfig(new BitConfig(SMALL));
    jest.mocked(setImmediate).mockClear();
    const target = new Array<number>(count).fill(1);
    const { maps } = await classActivationMap(model, PIXELS, { processor, target });
    expect(setImmediate).toHaveBeenCalledTimes(turns);
    expect(maps.shape).toEqual([1, count, 4, 4]);
    expect(maps.data.slice(-16)).toEqual(maps.data.slice(0, 16));
  });

  test('images that come out in other sizes are refused, whatever the batches', async () => {
    await using model = await BitForImageClassification.fromConfig(new BitConfig(SMALL));
    const uncropped = new BitImageProcessor({ doCenterCrop: false, doResize: false });
    const tall = { data: new Uint8Array(64 * 32 * 3), width: 32, height: 64, channels: 3 };
    for (const batchSize of [1, 2]) {
      const refused = classActivationMap(model, [PIXELS, tall], {
        processor: uncropped,
        batchSize,
      });
      await expect(refused).rejects.toMatchObject({
        code: 'ERR_BIT_IMAGE',
        index: 1,
        message: expect.stringMatching(/^Image 1 of 2: .* but the first .*doCenterCrop/) as string,
      });
    }
  });

  test('without a head, without labels, without a processor, or none: refused', async () => {
    await using trunk = await BitModel.fromConfig(new BitConfig(SMALL));
    await using bare = await BitForImageClassification.fromConfig(
      new BitConfig({ ...SMALL, numLabels: 0 }),
    );
    await using embed = await pipeline('image-feature-extraction');
    for (const model of [trunk, bare, embed, {}, null, () => 0, 'a model']) {
      const refused = classActivationMap(model as never, PIXELS, { processor });
      await expect(refused).rejects.toMatchObject({
        code: 'ERR_BIT_CONFIG',
        message: expect.stringMatching(/^Expected an image-classification pipeline or/) as string,
      });
    }
    await using model = await BitForImageClassification.fromConfig(new BitConfig(SMALL));
    await expect(classActivationMap(model, PIXELS)).rejects.toMatchObject({
      code: 'ERR_BIT_CONFIG',
      message: 'Expected a BitImageProcessor for processor but received undefined',
    });
  });

  test('after dispose() it is refused', async () => {
    const model = await BitForImageClassification.fromConfig(new BitConfig(SMALL));
    await model.dispose();
    const refused = classActivationMap(model, PIXELS, { processor });
    await expect(refused).rejects.toMatchObject({ code: 'ERR_BIT_DISPOSED' });
  });
});
