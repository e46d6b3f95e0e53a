import type { HeadSettings } from '../../../lib/training/head/prepare';
import { strengthCharts, strengthFacts } from '../../../lib/training/report/strengths';

const settings: HeadSettings = { headOnly: true, crop: 96, strength: null, seed: 3 };
const score = (strength: number, loss: number, accuracy: number | null) => ({
  ...{ strength, loss, accuracy },
});
const chosen = {
  strength: 3.16228,
  strengths: [score(10, 0.75, 0.5), score(3.16228, 0.5, 0.75), score(1, 0.625, 0.8)],
};
const factsOf = (
  result: Parameters<typeof strengthFacts>[0],
  { measured = [0, 1, 2], ...more }: Partial<HeadSettings> & { measured?: number[] } = {},
) => Object.fromEntries(strengthFacts(result, { ...settings, ...more }, { measured }));

test('says which strength it is, and what it was chosen by', () => {
  expect(factsOf(chosen)).toEqual({
    Strength:
      '3.16, which had the least loss in a cross-validation on 3 folds: loss 0.5, accuracy 75.0 %',
    Recipe: 'features of pictures of 96 × 96 pixels, seed 3',
  });
  expect(factsOf(chosen, { measured: [0] })['Strength']).toContain(
    ' on one fold of many examples: loss 0.5',
  );
  const values = { strength: 1e-4, strengths: [score(1e-4, 0.25, null)] };
  expect(factsOf(values)['Strength']).toMatch(/^1e-4, .*: loss 0\.25$/);
});

test('says that it was given, or that nothing could choose it', () => {
  const untried = { strength: 1, strengths: [] };
  expect(factsOf(untried, { strength: 1 })['Strength']).toBe('1, as given');
  expect(factsOf(untried, { measured: [] })['Strength']).toBe(
    '1, the default: there are too few examples to choose it by',
  );
});

test('shows loss and accuracy by strength, from the weakest on, with the chosen one', () => {
  const charts = strengthCharts(chosen);
  expect(charts.map(({ title, unit }) => [title, unit])).toEqual([
    ['Loss by strength', 'loss'],
    ['Accuracy by strength', 'share that is right'],
  ]);
  for (const { labels, labelUnit, isToScale } of charts)
    expect([labels, labelUnit, isToScale]).toEqual([['1', '3.16', '10'], 'strength', undefined]);
  expect(charts.map(({ series }) => series)).toEqual([
    [
      { name: 'chosen', values: [null, 0.5, null] },
      { name: 'cross-validation', values: [0.625, 0.5, 0.75] },
    ],
    [
      { name: 'chosen', values: [null, 0.75, null] },
      { name: 'cross-validation', values: [0.8, 0.75, 0.5] },
    ],
  ]);
  expect(chosen.strengths[0]?.strength).toBe(10);
});

test('an accuracy of 0 is a point, and none at all is no chart', () => {
  const none = strengthCharts({ strength: 1, strengths: [score(1, 2, 0)] });
  expect(none[1]?.series.map(({ values }) => values)).toEqual([[0], [0]]);
  const values = strengthCharts({ strength: 1, strengths: [score(1, 2, null)] });
  expect(values.map(({ title }) => title)).toEqual(['Loss by strength']);
  expect(strengthCharts({ strength: 1, strengths: [] })).toEqual([]);
});
