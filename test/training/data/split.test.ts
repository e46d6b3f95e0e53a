import type { Dataset } from '../../../lib/training/data/dataset';
import { splitOff } from '../../../lib/training/data/split';

/** So many examples of each class, one class after the other in turn. */
function datasetOf(...counts: number[]): Dataset {
  const targets: number[] = [];
  for (let round = 0; targets.length < counts.reduce((a, b) => a + b, 0); round++)
    counts.forEach((count, target) => {
      if (round < count) targets.push(target);
    });
  return {
    problemType: 'single_label_classification',
    labels: counts.map((_, at) => `class ${at}`),
    examples: targets.map((target, at) => ({ path: `${at}`, image: `${at}`, target })),
    problems: [{ path: 'x', message: 'a problem' }],
  };
}

const places = ({ examples }: Dataset) => examples.map(({ path }) => Number(path));
const counts = ({ labels, examples }: Dataset) =>
  labels.map((_, at) => examples.filter(({ target }) => target === at).length);
const ascending = (list: number[]) => list.every((value, at) => at === 0 || value > list[at - 1]!);

test.each<[number[], number, number[]]>([
  [[100, 10, 50], 0.15, [15, 2, 8]],
  [[2, 3, 4], 0.01, [1, 1, 1]],
  [[1, 0, 2], 0.9, [0, 0, 1]],
  [[10, 10], 0, [0, 0]],
  [[10, 3], 0.99, [9, 2]],
  [[4, 6], 0.5, [2, 3]],
])('of %p examples, %p gives %p', (all, fraction, expected) => {
  const dataset = datasetOf(...all);
  const { train, validation } = splitOff(dataset, fraction, 1);
  expect(counts(validation)).toEqual(expected);
  expect(counts(train)).toEqual(all.map((count, at) => count - expected[at]!));
  const both = [...places(train), ...places(validation)].sort((a, b) => a - b);
  expect(both).toEqual(places(dataset));
  expect([train, validation].map(places).every(ascending)).toBe(true);
  expect([train.labels, validation.labels]).toEqual([dataset.labels, dataset.labels]);
  expect([train.problems, validation.problems]).toEqual([dataset.problems, []]);
});

test('the seed decides', () => {
  const dataset = datasetOf(40, 40);
  const drawn = (seed: number) => places(splitOff(dataset, 0.25, seed).validation);
  expect(drawn(1)).toEqual(drawn(1));
  expect(drawn(1)).not.toEqual(drawn(2));
});

test('classes of one size give examples of other places', () => {
  const { validation } = splitOff(datasetOf(40, 40), 0.25, 1);
  const rounds = (target: number) =>
    validation.examples
      .filter((each) => each.target === target)
      .map(({ path }) => Math.floor(Number(path) / 2));
  expect(rounds(0)).not.toEqual(rounds(1));
});

test('each example is as likely', () => {
  const dataset = datasetOf(8, 4);
  const hits = Array<number>(12).fill(0);
  for (let seed = 0; seed < 4000; seed++)
    for (const place of places(splitOff(dataset, 0.25, seed).validation)) hits[place]!++;
  const far = hits.map((count) => Math.abs(count - 1000));
  expect(Math.max(...far)).toBeLessThan(4 * Math.sqrt(4000 * 0.25 * 0.75));
});

test('classes are drawn apart: more of one changes nothing of another', () => {
  const first = (dataset: Dataset) =>
    splitOff(dataset, 0.5, 3)
      .validation.examples.filter(({ target }) => target === 0)
      .map(({ path }) =>
        dataset.examples
          .filter(({ target }) => target === 0)
          .findIndex((each) => each.path === path),
      );
  expect(first(datasetOf(10, 2))).toEqual(first(datasetOf(10, 9)));
});

test.each(['multi_label_classification', 'regression'] as const)(
  '%s: the share of all',
  (problemType) => {
    const dataset: Dataset = { ...datasetOf(0), problemType };
    dataset.examples = Array.from({ length: 20 }, (_, at) => ({
      path: `${at}`,
      image: '',
      target: [at % 2, 1],
    }));
    const { train, validation } = splitOff(dataset, 0.15, 5);
    expect([train.examples.length, validation.examples.length]).toEqual([17, 3]);
    expect(new Set([...places(train), ...places(validation)]).size).toBe(20);
  },
);

test('nothing is split into nothing', () => {
  const { train, validation } = splitOff(datasetOf(0, 0), 0.5, 1);
  expect([train.examples, validation.examples]).toEqual([[], []]);
});

test.each([-0.1, 1, 1.5, NaN, Infinity])('%p is no fraction', (fraction) => {
  expect(() => splitOff(datasetOf(3), fraction, 1)).toThrow(
    expect.objectContaining({
      code: 'ERR_BIT_CONFIG',
      message: expect.stringContaining('a number from 0 to below 1 for fraction') as string,
    }) as Error,
  );
});
