import { Evaluation, type EvaluationResult } from '../../../lib/training/evaluation/evaluation';
import type { ProblemType } from '../../../lib/training/data/dataset';

const LABELS = ['cat', 'dog'];
const TARGETS: Record<ProblemType, number | number[]> = {
  single_label_classification: 1,
  multi_label_classification: [0, 1],
  regression: [0, 1],
};
const TYPES = Object.keys(TARGETS) as ProblemType[];

const of = (type: ProblemType, options = {}) => new Evaluation<ProblemType>(type, LABELS, options);

describe.each(TYPES)('an evaluation of %s', (type) => {
  const target = TARGETS[type];
  const add = (evaluation: Evaluation, scores: ArrayLike<number>) =>
    evaluation.add({ path: 'x.png', target, scores });

  test('says what it is of, as plain JSON', () => {
    const evaluation = of(type);
    add(evaluation, [0.25, 0.75]);
    const result = evaluation.result();
    expect(result.problemType).toBe(type);
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  });

  test('goes on after a result was asked for', () => {
    const evaluation = of(type);
    add(evaluation, [0.25, 0.75]);
    const first = evaluation.result();
    add(evaluation, Float32Array.of(0.75, 0.25));
    expect([first.examples, evaluation.result().examples]).toEqual([1, 2]);
    expect(first.mistakes.length).toBeLessThan(evaluation.result().mistakes.length);
  });

  test('keeps so many mistakes as it is told', () => {
    for (const [options, kept] of [
      [{}, 50],
      [{ mostMistakes: 3 }, 3],
      [{ mostMistakes: 0 }, 0],
    ] as const) {
      const evaluation = of(type, options);
      for (let i = 0; i < 60; i++) add(evaluation, [0.75, 0.25]);
      expect(evaluation.result().mistakes).toHaveLength(kept);
    }
  });

  test.each([[[0.5]], [[0.5, 0.25, 0.25]], [[]]])(
    'refuses scores of another width: %j',
    (scores) => {
      const evaluation = of(type);
      expect(() => add(evaluation, scores)).toThrow(
        /^Expected 2 numbers for the scores of x\.png but/,
      );
      expect(evaluation.result().examples).toBe(0);
    },
  );

  test.each([NaN, Infinity, undefined])('refuses a score of %p', (score) => {
    const evaluation = of(type);
    const thrown = expect(() => add(evaluation, [0, score as number]));
    thrown.toThrow(expect.objectContaining({ code: 'ERR_BIT_SHAPE' }) as Error);
    expect(evaluation.result().examples).toBe(0);
  });

  test('takes logits for nothing but values', () => {
    const evaluation = of(type);
    const logits = () => add(evaluation, [-1.5, 1.5]);
    expect(() => add(evaluation, [0, 1])).not.toThrow();
    if (type === 'regression') expect(logits).not.toThrow();
    else
      expect(logits).toThrow(
        'Expected probabilities, 0 to 1, for the scores of x.png but received -1.5',
      );
  });
});

test('a probability above one is none', () => {
  const add = () =>
    of('multi_label_classification').add({ path: 'x', target: [0, 1], scores: [0.5, 1.001] });
  expect(add).toThrow('Expected probabilities, 0 to 1, for the scores of x but received 1.001');
});

test('its type follows from what it is of', () => {
  const evaluation = new Evaluation('single_label_classification', LABELS);
  evaluation.add({ path: 'x', target: 0, scores: [0.75, 0.25] });
  expect(evaluation.result().calibration.brier).toBe(0.125);
  const byType = (result: EvaluationResult) =>
    result.problemType === 'regression' ? result.r2 : result.accuracy;
  expect(byType(evaluation.result())).toBe(1);
});

test('its memory does not grow with the examples', () => {
  const evaluation = new Evaluation('single_label_classification', LABELS);
  const size = () => JSON.stringify(evaluation).length;
  const scores = [
    [0.75, 0.25],
    [0.25, 0.75],
  ];
  const addMany = () => {
    for (let i = 0; i < 2000; i++)
      evaluation.add({ path: 'x.png', target: i & 1, scores: scores[(i >> 1) & 1]! });
  };
  addMany();
  const before = size();
  addMany();
  expect(size()).toBeLessThan(before + 100);
});
