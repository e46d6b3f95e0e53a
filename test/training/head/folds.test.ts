// Folds are even, drawn by the seed, and never of one example alone.
import type { Dataset, ProblemType } from '../../../lib/training/data/dataset';
import { foldsOf } from '../../../lib/training/head/folds';

function dataset(
  counts: readonly number[],
  problemType: ProblemType = 'single_label_classification',
): Dataset {
  const targets = counts.flatMap((count, label) => Array<number>(count).fill(label));
  return {
    problemType,
    labels: counts.map((_, label) => `LABEL_${label}`),
    examples: targets.map((target, i) => ({ path: `${i}`, image: `${i}`, target })),
    problems: [],
  };
}

/** Of each class, how many examples each fold has. */
function spread(data: Dataset, seed = 0) {
  const { ofExamples, measured } = foldsOf(data, seed);
  return data.labels.map((_, label) =>
    measured.map(
      (fold) =>
        data.examples.filter((each, at) => each.target === label && ofExamples[at] === fold).length,
    ),
  );
}

test('each fold has as many of each class, but for one', () => {
  for (const row of spread(dataset([10, 23, 7]))) {
    expect(row).toHaveLength(5);
    expect(Math.max(...row) - Math.min(...row)).toBeLessThanOrEqual(1);
  }
  // Nor do all classes give the same fold one more.
  const sums = [0, 1, 2, 3, 4].map((fold) =>
    spread(dataset([6, 6, 6, 6, 6])).reduce((sum, row) => sum + row[fold]!, 0),
  );
  expect(sums).toEqual([6, 6, 6, 6, 6]);
});

test('there are as many folds as the smallest class has examples, but for those with one', () => {
  expect(foldsOf(dataset([30, 3]), 0).measured).toEqual([0, 1, 2]);
  const { ofExamples, measured } = foldsOf(dataset([4, 1, 2]), 0);
  expect(measured).toEqual([0, 1]);
  expect(ofExamples[4]).toBe(-1);
  expect(ofExamples.filter((fold) => fold >= 0)).toHaveLength(6);
  expect(foldsOf(dataset([1, 1, 1]), 0)).toEqual({ ofExamples: [-1, -1, -1], measured: [] });
});

test('they follow from the seed', () => {
  const data = dataset([20, 20]);
  expect(foldsOf(data, 3)).toEqual(foldsOf(data, 3));
  expect(foldsOf(data, 3).ofExamples).not.toEqual(foldsOf(data, 4).ofExamples);
});

test('of several labels or values they are drawn from all alike', () => {
  const { ofExamples, measured } = foldsOf(dataset([13], 'regression'), 0);
  expect(measured).toHaveLength(5);
  for (const fold of measured)
    expect(ofExamples.filter((own) => own === fold).length).toBeGreaterThanOrEqual(2);
  expect(foldsOf(dataset([3], 'multi_label_classification'), 0).measured).toEqual([0, 1, 2]);
  expect(foldsOf(dataset([1], 'regression'), 0).measured).toEqual([]);
});

test('of very many examples one fold is enough', () => {
  expect(foldsOf(dataset([5000, 5000]), 0).measured).toHaveLength(5);
  expect(foldsOf(dataset([5000, 5001]), 0).measured).toEqual([0]);
});
