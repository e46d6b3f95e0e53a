import { Evaluation } from '../../../lib/training/evaluation/evaluation';
import type { RunSettings } from '../../../lib/training/prepare';
import { dataFacts, measureFacts, recipeFacts } from '../../../lib/training/report/facts';

const classes = (...counts: number[]) => counts.map((count, i) => ({ label: `c${i}`, count }));

test.each([
  [classes(8, 12, 4), '4 of c2 to 12 of c1, 3 times as many'],
  [classes(8, 8, 8), '8 of each class'],
  [classes(20, 0, 4), '0 of c1 to 20 of c0'],
])('says how even classes are: %j', (counts, balance) => {
  expect(dataFacts(24, counts)).toEqual([
    ['Learned from', '24 examples of 3 classes'],
    ['Balance', balance],
  ]);
});

test('a regression has no classes', () => {
  expect(dataFacts(1, [])).toEqual([['Learned from', '1 example']]);
});

test('says how good a classifier is', () => {
  const evaluation = new Evaluation('single_label_classification', ['a', 'b']);
  evaluation.add({ path: '0', target: 0, scores: [0.75, 0.25] });
  evaluation.add({ path: '1', target: 1, scores: [0.75, 0.25] });
  expect(Object.fromEntries(measureFacts(evaluation.result()))).toEqual({
    Accuracy: '50.0 % (95 %: 9.5 % to 90.5 %)', // Wilson's
    'Balanced accuracy': '50.0 %',
    'Macro F1': '33.3 %',
    Loss: expect.stringMatching(/^0\.837 \(95 %: -/) as string, // the mean of ln 4/3 and ln 4
    'Calibration error': '25.0 %',
    'Brier score': '0.625', // the mean of 2/16 and 18/16
  });
});

test('says how good one of several labels and one of values is', () => {
  const labels = new Evaluation('multi_label_classification', ['a', 'b']);
  labels.add({ path: '0', target: [1, 0], scores: [0.75, 0.25] });
  expect(measureFacts(labels.result()).slice(0, 3)).toEqual([
    ['Mean average precision', '100.0 %'],
    ['Macro F1, micro F1', '100.0 %, 100.0 %'],
    ['All labels right', '100.0 % (95 %: 20.7 % to 100.0 %)'],
  ]);
  const values = new Evaluation('regression', ['a']);
  values.add({ path: '0', target: [1], scores: [3] });
  expect(measureFacts(values.result())).toEqual([
    ['Mean absolute error', '2'],
    ['Root mean squared error', '2'],
    ['R²', '–'],
    ['Loss', '4'],
  ]);
});

test('says the recipe, but for what is not used', () => {
  const settings: RunSettings = {
    ...{ batchSize: 32, batchSplit: 1, learningRate: 0.003, schedule: [20, 100], mixup: 0 },
    ...{ resize: 160, crop: 128, flip: 0.5, momentum: 0.9, weightDecay: 0, dropPathRate: 0 },
    ...{ dtype: 'float32', seed: 7, evalSteps: 10, saveSteps: 10 },
  };
  expect(recipeFacts(settings)).toEqual([
    ['Learning rate', '0.003 at most, changed at steps 20, 100'],
    [
      'Recipe',
      'batches of 32, resized to 160 and cropped to 128 pixels, mirrored with probability 0.5, no MixUp, momentum 0.9, seed 7',
    ],
  ]);
  const more = { mixup: 0.1, weightDecay: 1e-4, dropPathRate: 0.2, dtype: 'bfloat16' } as const;
  expect(recipeFacts({ ...settings, ...more })[1]?.[1]).toContain(
    'MixUp 0.1, momentum 0.9, weight decay 1e-4, drop path 0.2, bfloat16, seed 7',
  );
});
