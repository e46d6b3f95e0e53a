import { countsByClass, imbalance } from '../../../lib/training/data/balance';
import type { Dataset, ProblemType } from '../../../lib/training/data/dataset';

const datasetOf = (problemType: ProblemType, targets: (number | number[])[]): Dataset => ({
  problemType,
  labels: ['a', 'b', 'c'],
  examples: targets.map((target, at) => ({ path: `${at}`, image: '', target })),
  problems: [],
});

test('examples of each class', () => {
  const counts = countsByClass(datasetOf('single_label_classification', [2, 0, 2, 2]));
  expect(counts).toEqual([
    { label: 'a', count: 1 },
    { label: 'b', count: 0 },
    { label: 'c', count: 3 },
  ]);
});

test('those with several labels count for each', () => {
  const targets = [
    [1, 1, 0],
    [0, 0, 0],
    [1, 0, 0],
  ];
  const counts = countsByClass(datasetOf('multi_label_classification', targets));
  expect(counts.map(({ count }) => count)).toEqual([2, 1, 0]);
});

test('a regression has no classes', () => {
  expect(countsByClass(datasetOf('regression', [[1, 2, 3]]))).toEqual([]);
});

test.each<[number[], number]>([
  [[30, 10, 20], 3],
  [[5, 5], 1],
  [[4, 0], Infinity],
  [[0, 0], 1],
  [[7], 1],
  [[], 1],
])('%p: %p', (counts, expected) => {
  expect(imbalance(counts.map((count) => ({ count })))).toBe(expected);
});
