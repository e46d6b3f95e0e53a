// Which model is better.
import type { EvaluationResult } from '../../../lib/training/evaluation/evaluation';
import { isBetter } from '../../../lib/training/evaluation/merit';

const better = (result: object, than: object) =>
  isBetter(result as EvaluationResult, than as EvaluationResult);

test.each([
  ['single_label_classification', 'accuracy', 0.6, 0.5],
  ['multi_label_classification', 'meanAveragePrecision', 0.6, 0.5],
  ['regression', 'rmse', 2, 3],
])('%s: by %s, and then by the loss', (problemType, measure, good, bad) => {
  const of = (value: number | null, loss: number | null) => ({
    problemType,
    [measure]: value,
    loss,
  });
  expect(better(of(good, 9), of(bad, 1))).toBe(true);
  expect(better(of(bad, 1), of(good, 9))).toBe(false);
  expect(better(of(good, 1), of(good, 2))).toBe(true);
  expect(better(of(good, 2), of(good, 1))).toBe(false);
  expect(better(of(good, 1), of(good, 1))).toBe(false);
  expect(better(of(bad, 9), of(null, 1))).toBe(true);
  expect(better(of(null, null), of(bad, 9))).toBe(false);
});
