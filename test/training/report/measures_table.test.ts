import type { EvaluationResult } from '../../../lib/training/evaluation/evaluation';
import { measuresTable } from '../../../lib/training/report/measures_table';
import type { Html } from '../../../lib/report/markup';

const rows = ({ text }: Html) =>
  text
    .split('<tr>')
    .slice(1)
    .map((row) => [...row.matchAll(/<t[dh][^>]*>(.*?)<\/t[dh]>/g)].map(([, cell]) => cell));

const measures = (label: string, f1: number | null, support: number) => ({
  ...{ label, f1, support },
  precision: f1,
  recall: 0.25,
});

test('classes by their F1, with what they were learned from', () => {
  const perClass = [measures('a', 0.5, 4), measures('b', null, 0), measures('a', 0.125, 1200)];
  const result = { problemType: 'single_label_classification', perClass } as EvaluationResult;
  const learned = [10, 20, 30].map((count, i) => ({ label: `${i}`, count }));
  expect(rows(measuresTable(result, learned))).toEqual([
    ['Class', 'Precision', 'Recall', 'F1', 'Examples', 'Learned from'],
    ['a', '12.5 %', '25.0 %', '12.5 %', '1,200', '30'],
    ['a', '50.0 %', '25.0 %', '50.0 %', '4', '10'],
    ['b', '–', '25.0 %', '–', '0', '20'],
  ]);
  expect(rows(measuresTable(result, []))[0]).not.toContain('Learned from');
});

test('labels by their average precision', () => {
  const perClass = [
    { ...measures('a', 0.5, 4), averagePrecision: 0.75 },
    { ...measures('b', 0.75, 4), averagePrecision: 0.5 },
  ];
  const result = { problemType: 'multi_label_classification', perClass } as EvaluationResult;
  expect(rows(measuresTable(result, [])).map((row) => row.slice(0, 2))).toEqual([
    ['Label', 'Average precision'],
    ['b', '50.0 %'],
    ['a', '75.0 %'],
  ]);
});

test('values by R²', () => {
  const perValue = [
    { label: 'width', mae: 1, rmse: 1.5, r2: 0.75 },
    { label: '<i>', mae: 2, rmse: 2.5, r2: -3 },
    { label: 'same', mae: 0, rmse: 0, r2: null },
  ];
  const result = { problemType: 'regression', perValue } as unknown as EvaluationResult;
  expect(rows(measuresTable(result, []))).toEqual([
    ['Value', 'Mean absolute error', 'Root mean squared error', 'R²'],
    ['&lt;i&gt;', '2', '2.5', '-3'],
    ['width', '1', '1.5', '0.75'],
    ['same', '0', '0', '–'],
  ]);
});

test('a thousand rows are the most', () => {
  const perClass = Array.from({ length: 1002 }, (_, i) => measures(`c${i}`, i / 2000, 1));
  const result = { problemType: 'single_label_classification', perClass } as EvaluationResult;
  const html = measuresTable(result, []);
  expect(rows(html)).toHaveLength(1001);
  expect(html.text).toContain('<p>And 2 better ones.</p>');
});
