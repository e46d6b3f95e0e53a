import { curvesOf } from '../../../lib/training/report/curves';
import type { MetricsRow } from '../../../lib/training/logs/metrics_file';

const steps = (count: number, of: (step: number) => object): MetricsRow[] =>
  Array.from({ length: count }, (_, i) => ({ step: i + 1, ...of(i + 1) }));

test('the losses of a run and of its validation share a chart, over all steps of both', async () => {
  const rows: MetricsRow[] = [
    { step: 1, loss: 3, learningRate: 0 },
    { step: 2, loss: 2, learningRate: 0.1 },
    { step: 2, evaluation: { accuracy: 0.5, macroF1: 0.25, loss: 2.5, examples: 8 } },
    { step: 3, loss: 1, learningRate: 0.01 },
  ];
  const [loss, rate, validation, ...others] = await curvesOf(rows, 'single_label_classification');
  expect(loss).toMatchObject({ title: 'Loss', labels: [1, 2, 3], isToScale: true });
  expect(loss?.series).toEqual([
    { name: 'training', values: [3, 2, 1] },
    { name: 'validation', values: [null, 2.5, null] },
  ]);
  expect(rate?.series).toEqual([{ name: 'learning rate', values: [0, 0.1, 0.01] }]);
  expect(validation).toMatchObject({ labels: [2], range: [0, 1] });
  expect(validation?.series).toEqual([
    { name: 'accuracy', values: [0.5] },
    { name: 'macro F1', values: [0.25] },
  ]);
  expect(others).toEqual([]);
});

test('of many steps means are shown, and the rate as it is', async () => {
  const rows = steps(1000, (step) => ({ loss: step, learningRate: step === 1000 ? 0 : 0.1 }));
  const [loss, rate] = await curvesOf(rows, 'single_label_classification');
  expect(loss?.series[0]?.name).toBe('training, means of 4 steps');
  expect(loss?.labels).toEqual(Array.from({ length: 250 }, (_, i) => 4 * (i + 1)));
  expect(loss?.series[0]?.values.slice(0, 2)).toEqual([2.5, 6.5]);
  expect(rate?.labels.length).toBeLessThanOrEqual(301);
  expect([rate?.labels[0], rate?.labels.at(-1)]).toEqual([1, 1000]);
  expect(rate?.series[0]?.values.at(-1)).toBe(0);
});

test('the last mean may be of fewer steps', async () => {
  const [loss] = await curvesOf(
    steps(301, (step) => ({ loss: step })),
    'regression',
  );
  expect([loss?.labels.length, loss?.labels.at(-1)]).toEqual([151, 301]);
  expect(loss?.series[0]?.values.at(-1)).toBe(301);
});

test('each kind of problem has its measures', async () => {
  const evaluation = { meanAveragePrecision: 0.5, microF1: 0.6, rmse: 3, mae: 2, r2: -4, loss: 1 };
  const titled = async (type: Parameters<typeof curvesOf>[1]) =>
    (await curvesOf([{ step: 5, evaluation }], type)).map(({ title, series }) => [
      title,
      ...series.map(({ name }) => name),
    ]);
  expect(await titled('multi_label_classification')).toEqual([
    ['Loss', 'validation'],
    ['Validation', 'mean average precision', 'micro F1'],
  ]);
  expect(await titled('regression')).toEqual([
    ['Loss', 'validation'],
    ['Error on the validation', 'root mean squared error', 'mean absolute error'],
    ['R² on the validation', 'R²'],
  ]);
});

test('what is no number is no point, and nothing is no chart', async () => {
  expect(await curvesOf([{ step: 1, loss: null, evaluation: null }], 'regression')).toEqual([]);
});
