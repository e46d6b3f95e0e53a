// Batches of a run: what is in them follows from the seed and the step alone.
import type { DatasetProblem, Example } from '../../lib/training/data/dataset';
import { BitError } from '../../lib';
import { Feed, targetsOf, type FeedOptions } from '../../lib/training/feed';
import type { LearnerBatch } from '../../lib/training/learner';
import { Order } from '../../lib/training/order';
import type { Pictures } from '../../lib/training/pictures';
import { Random } from '../../lib/training/random';
import { failure } from '../support/queue';

const EXAMPLES = 10;
const BATCH = 4;
const RESIZE = 6;
const CROP = 4;
const examples = Array.from({ length: EXAMPLES }, (_, i): Example => ({
  path: `${i}`,
  image: `${i}`,
  target: i % 3,
}));

/** Pictures whose every pixel is the number of the example; those in `gone` cannot be read. */
class Numbered {
  readonly asked: string[] = [];
  constructor(readonly gone = new Set<number>()) {}

  get({ path }: Example) {
    this.asked.push(path);
    const number = Number(path);
    if (this.gone.has(number))
      return Promise.reject(new BitError('ERR_BIT_IMAGE', `${path}: it is gone`));
    return Promise.resolve({
      data: new Uint8Array(3 * RESIZE * RESIZE).fill(number),
      side: RESIZE,
    });
  }
}

const NORMALISATION = { scale: [1, 1, 1], shift: [0, 0, 0] };

function feedOf(more: Partial<FeedOptions> & { pictures?: Numbered; batchSize?: number } = {}) {
  const { pictures = new Numbered(), batchSize = BATCH, ...options } = more;
  const problems: DatasetProblem[] = [];
  const settings: FeedOptions = {
    ...{ examples, problemType: 'single_label_classification', resize: RESIZE, crop: CROP },
    ...{ flip: 0.5, mixup: 0, batchSplit: 1, normalisation: NORMALISATION, seed: 3 },
    share: null,
    onProblem: (problem) => problems.push(problem),
    ...options,
  };
  const order = new Order({ examples: EXAMPLES, batchSize, seed: settings.seed });
  const feed = new Feed(settings, order, pictures as unknown as Pictures);
  return { feed, order, pictures, problems };
}

/** The number of each picture of the batches, each of whose pixels has to be of it. */
const numbersOf = (batches: readonly LearnerBatch[]) =>
  batches.flatMap(({ pixelValues: { data, shape } }) => {
    const values = 3 * CROP * CROP;
    return Array.from({ length: shape[0] as number }, (_, i) => {
      const pixels = new Set((data as Float32Array).slice(i * values, (i + 1) * values));
      expect(pixels.size).toBe(1);
      return [...pixels][0] as number;
    });
  });
const labelsOf = (batches: readonly LearnerBatch[]) =>
  batches.flatMap(({ labels }) => [...(labels.data as BigInt64Array)].map(Number));

test('the examples of the step in their order, with what they are to be taken for', async () => {
  const { feed, order } = feedOf();
  for (const step of [0, 1, 2, 9]) {
    const batches = await feed.take(step, 100);
    expect(batches).toHaveLength(1);
    expect(batches[0]?.pixelValues).toMatchObject({ dtype: 'float32', shape: [4, 3, 4, 4] });
    expect(batches[0]?.labels).toMatchObject({ dtype: 'int64', shape: [4] });
    expect(numbersOf(batches)).toEqual(order.indices(step));
    expect(labelsOf(batches)).toEqual(order.indices(step).map((i) => i % 3));
  }
});

test('micro-batches are as even as can be, and together they are the batch', async () => {
  const whole = (await feedOf({ batchSize: 8 }).feed.take(1, 1))[0] as LearnerBatch;
  for (const [batchSplit, sizes] of [
    [1, [8]],
    [2, [4, 4]],
    [3, [3, 3, 2]],
    [8, Array<number>(8).fill(1)],
  ] as const) {
    const batches = await feedOf({ batchSize: 8, batchSplit }).feed.take(1, 1);
    expect(batches.map(({ pixelValues }) => pixelValues.shape[0])).toEqual(sizes);
    const pixels = batches.flatMap(({ pixelValues }) => [...(pixelValues.data as Float32Array)]);
    expect(pixels).toEqual([...(whole.pixelValues.data as Float32Array)]);
    expect(labelsOf(batches)).toEqual(labelsOf([whole]));
  }
});

test('the same seed and step give the same batch, whatever was taken before; others another one', async () => {
  const options = { mixup: 0.2, batchSplit: 2 };
  const first = feedOf(options).feed;
  const in_order = [await first.take(0, 9), await first.take(1, 9), await first.take(2, 9)];
  expect(await feedOf(options).feed.take(2, 9)).toEqual(in_order[2]);
  expect(in_order[1]).not.toEqual(in_order[2]);
  expect(await feedOf({ ...options, seed: 4 }).feed.take(2, 9)).not.toEqual(in_order[2]);
  const seeds = in_order.flat().map(({ dropSeed }) => dropSeed);
  expect(new Set(seeds).size).toBe(6);
  for (const seed of seeds) expect(Number.isSafeInteger(seed) && seed >= 0).toBe(true);
});

test('crops and mirrors are drawn for each place anew', async () => {
  const shaded = {
    get: () => {
      const data = Uint8Array.from({ length: 3 * RESIZE * RESIZE }, (_, i) => i % 100);
      return Promise.resolve({ data, side: RESIZE });
    },
  } as unknown as Numbered;
  const firsts = async (flip: number) => {
    const { feed } = feedOf({ pictures: shaded, flip, batchSize: 8 });
    const [batch] = await feed.take(0, 0);
    const data = batch!.pixelValues.data as Float32Array;
    return Array.from({ length: 8 }, (_, i) => [...data.slice(48 * i, 48 * i + 2)]);
  };
  const right = await firsts(0);
  expect(right.every(([a, b]) => b! - a! === 1)).toBe(true);
  expect(new Set(right.map(([a]) => a)).size).toBeGreaterThan(2);
  const mirrored = await firsts(1);
  expect(mirrored.every(([a, b]) => b! - a! === -1)).toBe(true);
});

test('MixUp has one share for a step, and a permutation for each micro-batch', async () => {
  const { feed } = feedOf({ mixup: 0.3, batchSplit: 2, batchSize: 8 });
  const shares: number[] = [];
  for (let step = 0; step < 5; step++) {
    const [first, second] = (await feed.take(step, 9)).map(({ mixing }) => mixing!);
    for (const mixing of [first, second])
      expect([...mixing!.partners].sort()).toEqual([0, 1, 2, 3]);
    expect(first!.lambda).toBe(second!.lambda);
    shares.push(first!.lambda);
  }
  expect(new Set(shares).size).toBe(5);
  expect(shares[0]).toBe(new Random(3, 'mixup', 0).beta(0.3, 0.3));
  expect((await feedOf().feed.take(0, 0))[0]?.mixing).toBeNull();
});

/** What each image of a step is made of, in parts of one, by its place: images of a batch with their partners. */
const imagesOf = (batches: readonly LearnerBatch[]) =>
  batches.flatMap((batch) => {
    const { pixelValues, mixing, labels, first, of, dropSeed } = batch;
    const values = 3 * CROP * CROP;
    const at = (i: number) => ({
      pixels: [...(pixelValues.data as Float32Array).slice(i * values, (i + 1) * values)],
      label: labels.data[i],
    });
    const count = mixing?.partners.length ?? (pixelValues.shape[0] as number);
    return Array.from({ length: count }, (_, i) => ({
      ...{ own: at(i), place: first + i, of, dropSeed },
      other: mixing && at(mixing.partners[i] as number),
      lambda: mixing && mixing.lambda,
    }));
  });

describe('shared among processes', () => {
  test.each([
    [2, { batchSize: 8 }],
    [2, { batchSize: 5, batchSplit: 2, mixup: 0.3 }],
    [3, { batchSize: 8, mixup: 0.3 }],
    [3, { batchSize: 2, mixup: 0.3 }],
    [2, { batchSize: 25, batchSplit: 4, mixup: 0.3 }],
  ])('by %d, in order they have the whole batch: %p', async (size, options) => {
    const whole = feedOf(options).feed;
    const feeds = Array.from({ length: size }, (_, rank) =>
      feedOf({ ...options, share: { rank, size } }),
    );
    for (let step = 0; step < 4; step++) {
      const batches = await whole.take(step, 3);
      const parts = await Promise.all(feeds.map(({ feed }) => feed.take(step, 3)));
      const bySeed =
        (seed: number) =>
        ({ dropSeed }: LearnerBatch) =>
          dropSeed === seed;
      for (const batch of batches) {
        const shares = parts.map((part) => imagesOf(part.filter(bySeed(batch.dropSeed))));
        expect(shares.flat()).toEqual(imagesOf([batch]));
        const counts = shares.map(({ length }) => length);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }
    }
  });

  test('none reads more than its own and their partners', async () => {
    const { feed, pictures } = feedOf({ batchSize: 8, mixup: 0.3, share: { rank: 1, size: 4 } });
    const [batch] = await feed.take(0, 0);
    const read = batch!.pixelValues.shape[0] as number;
    expect(read).toBeLessThanOrEqual(4);
    expect(pictures.asked).toHaveLength(read);
    expect(batch).toMatchObject({ first: 2, of: 8, mixing: { partners: { length: 2 } } });
  });
});

test('batches are made one step ahead, no further, and none after the last', async () => {
  const { feed, order, pictures } = feedOf();
  const asked = (...steps: number[]) => steps.flatMap((step) => order.indices(step).map(String));
  await feed.take(0, 2);
  await new Promise(setImmediate);
  expect([...pictures.asked].sort()).toEqual(asked(0, 1).sort());
  await feed.take(1, 2);
  await new Promise(setImmediate);
  expect([...pictures.asked].sort()).toEqual(asked(0, 1, 2).sort());
  await feed.take(2, 2);
  await new Promise(setImmediate);
  expect(pictures.asked).toHaveLength(3 * BATCH);
});

describe('a picture that is gone', () => {
  test('is told once; another example takes its place, which follows from the step and the place', async () => {
    const gone = new Set([2, 7]);
    const { feed, order, problems } = feedOf({ pictures: new Numbered(gone) });
    const steps = 20;
    for (let step = 0; step < steps; step++) {
      const batches = await feed.take(step, steps - 1);
      const expected = order.indices(step).map((index, place) => {
        for (let draw = 0; gone.has(index); draw++)
          index = new Random(3, 'instead', step, place, draw).below(EXAMPLES);
        return index;
      });
      expect(numbersOf(batches)).toEqual(expected);
      expect(labelsOf(batches)).toEqual(expected.map((i) => i % 3));
    }
    const told = [...problems].sort((a, b) => a.path.localeCompare(b.path));
    expect(told).toEqual([2, 7].map((i) => ({ path: `${i}`, message: `${i}: it is gone` })));
  });

  test('is not asked for again, and places of micro-batches are those of the whole batch', async () => {
    const pictures = new Numbered(new Set([0, 1, 2, 3, 4]));
    const { feed } = feedOf({ pictures, batchSplit: 3, batchSize: 9 });
    const other = feedOf({ pictures: new Numbered(pictures.gone), batchSize: 9 });
    for (let step = 0; step < 6; step++)
      expect(numbersOf(await feed.take(step, 5))).toEqual(
        numbersOf(await other.feed.take(step, 5)),
      );
    for (const path of ['0', '1', '2', '3', '4']) {
      // Each place that meets it before it is known to be gone asks once: within one micro-batch of two steps.
      const times = pictures.asked.filter((each) => each === path).length;
      expect(times).toBeLessThanOrEqual(6);
    }
  });

  test('with a picture that turns up gone later, a run from there does the same', async () => {
    const gone = new Set<number>();
    const first = feedOf({ pictures: new Numbered(gone) });
    for (let step = 0; step < 3; step++) await first.feed.take(step, step);
    gone.add(5);
    const later = feedOf({ pictures: new Numbered(gone) });
    for (let step = 3; step < 9; step++)
      expect(await first.feed.take(step, 8)).toEqual(await later.feed.take(step, 8));
    expect(first.problems).toEqual(later.problems);
    expect(first.problems).toHaveLength(1);
  });

  test('where none of 100 others can be read it ends', async () => {
    const pictures = new Numbered(new Set(examples.map((_, i) => i)));
    const { feed, order, problems } = feedOf({ pictures });
    const message = await failure(feed.take(0, 0));
    expect(message).toMatch(
      /^ERR_BIT_IMAGE: \d: it is gone; and none of the 100 pictures that were drawn in its place can be read either$/,
    );
    expect(order.indices(0)).toContain(Number(/\d/.exec(message)?.[0]));
    expect(problems.length).toBeLessThanOrEqual(EXAMPLES);
    expect(new Set(problems.map(({ path }) => path)).size).toBe(problems.length);
  });
});

test('what is about no picture ends it at once', async () => {
  const stopped = { get: () => Promise.reject(new Error('enough')) } as unknown as Numbered;
  const { feed, problems } = feedOf({ pictures: stopped });
  await expect(feed.take(0, 5)).rejects.toThrow('enough');
  expect(problems).toEqual([]);
});

test.each([
  ['single_label_classification', [2, 0], { dtype: 'int64', shape: [2] }, [2n, 0n]],
  [
    'multi_label_classification',
    [
      [1, 0, 1],
      [0, 0, 0],
    ],
    { dtype: 'float32', shape: [2, 3] },
    [1, 0, 1, 0, 0, 0],
  ],
  ['regression', [[0.5], [-3]], { dtype: 'float32', shape: [2, 1] }, [0.5, -3]],
  ['regression', [1.5, 2], { dtype: 'float32', shape: [2, 1] }, [1.5, 2]],
] as const)('targets of %s', (problemType, targets, shaped, values) => {
  const of = targets.map((target): Example => ({
    path: '',
    image: '',
    target: target as number | number[],
  }));
  const { data, ...rest } = targetsOf(of, problemType);
  expect(rest).toEqual(shaped);
  expect([...(data as Iterable<number | bigint>)]).toEqual(values);
});
