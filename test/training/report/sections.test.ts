import { Evaluation } from '../../../lib/training/evaluation/evaluation';
import type { ProblemType } from '../../../lib/training/data/dataset';
import {
  balanceCharts,
  measureCharts,
  measureSections,
  problemSections,
} from '../../../lib/training/report/sections';

/** Of right answers alone, for which no model is needed. */
function rightOnes(type: ProblemType, labels: string[], examples: number) {
  const evaluation = new Evaluation(type, labels);
  const scores = labels.map((_, i) => (i === 0 ? 1 : 0));
  const target = type === 'single_label_classification' ? 0 : scores;
  for (let i = 0; i < examples; i++) evaluation.add({ path: `${i}`, target, scores });
  return evaluation.result();
}
const sectionsOf = async (type: ProblemType, labels = ['a', 'b'], examples = 1) => {
  const result = rightOnes(type, labels, examples);
  const measured = { result, examples: [], evaluated: null as never };
  return (await measureSections(measured, [], {})).map(({ title }) => title);
};
const many = Array.from({ length: 101 }, (_, i) => `c${i}`);

test('each kind of problem has its sections; without mistakes there is none of those', async () => {
  expect(await sectionsOf('single_label_classification')).toEqual([
    'Confusion matrix',
    'Classes, the worst first',
  ]);
  expect(await sectionsOf('single_label_classification', many)).toContain('Confused classes');
  expect(await sectionsOf('multi_label_classification')).toEqual(['Labels, the worst first']);
  expect(await sectionsOf('regression')).toEqual(['Values, the worst first']);
  expect(await sectionsOf('single_label_classification', many, 0)).toEqual([]);
});

test('classes alone are calibrated', () => {
  const titles = (type: ProblemType, examples = 1) =>
    measureCharts(rightOnes(type, ['a', 'b'], examples)).map(({ title }) => title);
  expect(titles('single_label_classification')).toEqual([
    'Calibration: expected error 0.0 %',
    'How sure it is',
  ]);
  expect(titles('single_label_classification', 0)).toEqual([]);
  expect(titles('multi_label_classification')).toEqual([]);
  expect(titles('regression')).toEqual([]);
});

test('what was left out is counted', () => {
  expect(problemSections([])).toEqual([]);
  const [section] = problemSections([{ path: 'a', message: 'b' }]);
  expect(section?.title).toBe('Left out: 1 example');
});

test('as many bars as can be read, with labels that are cut', () => {
  const classes = Array.from({ length: 20 }, (_, i) => ({ label: 'x'.repeat(i + 10), count: i }));
  const [chart] = balanceCharts(classes);
  expect(chart?.series[0]?.values).toEqual(classes.map(({ count }) => count));
  expect(chart?.labels[14]).toBe('x'.repeat(24));
  expect(chart?.labels[15]).toBe(`${'x'.repeat(24)}…`);
  expect(balanceCharts([])).toEqual([]);
});

test('of more classes a curve from the largest to the smallest, unless they are all alike', () => {
  const counts = [...Array.from({ length: 20 }, (_, i) => i), 100];
  const [chart] = balanceCharts(counts.map((count) => ({ label: 'x', count })));
  expect(chart).toMatchObject({
    ...{ title: 'Examples to learn from of each of 21 classes', type: 'line', isToScale: true },
    labels: Array.from({ length: 21 }, (_, i) => i + 1),
    series: [{ name: 'examples', values: [100, ...Array.from({ length: 20 }, (_, i) => 19 - i)] }],
  });
  expect(balanceCharts(counts.map(() => ({ label: 'x', count: 7 })))).toEqual([]);
  const thousands = Array.from({ length: 3001 }, (_, i) => ({ label: 'x', count: 2 * i }));
  const [thinned] = balanceCharts(thousands);
  expect(thinned?.labels.length).toBeLessThanOrEqual(301);
  expect([thinned?.labels[0], thinned?.labels.at(-1)]).toEqual([1, 3001]);
  expect([thinned?.series[0]?.values[0], thinned?.series[0]?.values.at(-1)]).toEqual([6000, 0]);
});
