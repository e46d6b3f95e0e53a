import type { Dataset } from '../../../lib/training/data/dataset';
import { examplesPerClass, few } from '../../../lib/training/data/few_shot';
import { strataOf } from '../../../lib/training/data/strata';

function datasetOf(...counts: number[]): Dataset {
  const targets = counts.flatMap((count, target) => Array<number>(count).fill(target));
  return {
    problemType: 'single_label_classification',
    labels: counts.map((_, at) => `class ${at}`),
    examples: targets.map((target, at) => ({ path: `${at}`, image: `${at}`, target })),
    problems: [],
  };
}
const several = (count: number): Dataset => ({
  ...datasetOf(0, 0),
  problemType: 'multi_label_classification',
  examples: Array.from({ length: count }, (_, at) => ({
    path: `${at}`,
    image: '',
    target: [1, 0],
  })),
});

const places = ({ examples }: Dataset) => examples.map(({ path }) => Number(path));
const counts = ({ labels, examples }: Dataset) =>
  labels.map((_, at) => examples.filter(({ target }) => target === at).length);
const ascending = (list: number[]) => list.every((value, at) => at === 0 || value > list[at - 1]!);
const refused = (words: string) =>
  expect.objectContaining({
    code: 'ERR_BIT_CONFIG',
    message: expect.stringContaining(words) as string,
  }) as Error;

test('examples by class', () => {
  expect(strataOf(datasetOf(2, 0, 1))).toEqual([
    { name: 'class 0', places: [0, 1] },
    { name: 'class 2', places: [2] },
  ]);
  expect(strataOf(several(3))).toEqual([{ name: '', places: [0, 1, 2] }]);
});

describe('so many of each class', () => {
  const dataset = datasetOf(20, 3, 0, 10);

  test.each<[number, number[]]>([
    [1, [1, 1, 0, 1]],
    [5, [5, 3, 0, 5]],
    [100, [20, 3, 0, 10]],
    [Infinity, [20, 3, 0, 10]],
  ])('%p', (k, expected) => {
    const some = examplesPerClass(dataset, k, 1);
    expect(counts(some)).toEqual(expected);
    expect(ascending(places(some))).toBe(true);
    expect(some.labels).toBe(dataset.labels);
  });

  test('the seed decides, and more are those and others', () => {
    const drawn = (k: number, seed: number) => places(examplesPerClass(dataset, k, seed));
    expect(drawn(5, 1)).toEqual(drawn(5, 1));
    expect(drawn(5, 1)).not.toEqual(drawn(5, 2));
    expect(drawn(6, 1)).toEqual(expect.arrayContaining(drawn(5, 1)));
  });

  test.each([0, -1, 1.5, NaN, '3'])('%p is no number of them', (k) => {
    expect(() => examplesPerClass(dataset, k as number, 1)).toThrow(
      refused('Expected a positive integer for examplesPerClass'),
    );
  });

  test('examples of several labels have no class', () => {
    expect(() => examplesPerClass(several(3), 1, 1)).toThrow(
      refused(
        "Expected 'single_label_classification' where examplesPerClass is given for problemType",
      ),
    );
  });
});

describe('so many in all', () => {
  test.each<[number[], number, number[]]>([
    [[50, 30, 20], 10, [5, 3, 2]],
    [[1000, 3, 2], 50, [48, 1, 1]],
    [[1000, 1000, 1000, 1], 4, [1, 1, 1, 1]],
    [[10, 0, 10], 6, [3, 0, 3]],
    [[3, 1], 3, [2, 1]],
    [[7, 2], 9, [7, 2]],
    [[7, 2], Infinity, [7, 2]],
  ])('of %p, %p are %p', (all, most, expected) => {
    const dataset = datasetOf(...all);
    const some = few(dataset, most, 1);
    expect(counts(some)).toEqual(expected);
    expect(ascending(places(some))).toBe(true);
  });

  test('exactly so many, whatever the classes have', () => {
    for (let seed = 0; seed < 200; seed++) {
      const all = Array.from({ length: 1 + (seed % 9) }, (_, at) => (seed * (at + 3) * 7) % 23);
      const dataset = datasetOf(...all);
      const most = 1 + (seed % 31);
      const some = counts(few(dataset, most, seed));
      expect(some.reduce((a, b) => a + b, 0)).toBe(Math.min(most, dataset.examples.length));
      expect(some.every((count, at) => count <= all[at]!)).toBe(true);
    }
  });

  test('where there is no room for all classes, each is as likely as it is large', () => {
    const hits = [0, 0, 0];
    for (let seed = 0; seed < 600; seed++) {
      const [target] = few(datasetOf(5, 5, 5), 1, seed).examples.map(
        (each) => each.target as number,
      );
      hits[target!]!++;
    }
    expect(Math.max(...hits.map((count) => Math.abs(count - 200)))).toBeLessThan(
      4 * Math.sqrt(600 * (2 / 9)),
    );
  });

  test('of several labels or a regression, any are', () => {
    const some = few(several(50), 20, 1);
    expect(some.examples).toHaveLength(20);
    expect(places(some)).toEqual(places(few(several(50), 20, 1)));
    expect(places(some)).not.toEqual(places(few(several(50), 20, 2)));
    expect(ascending(places(some))).toBe(true);
  });

  test.each([0, -1, 2.5, NaN])('%p is no number of them', (most) => {
    expect(() => few(datasetOf(3), most, 1)).toThrow(
      refused('Expected a positive integer for the most examples'),
    );
  });
});
