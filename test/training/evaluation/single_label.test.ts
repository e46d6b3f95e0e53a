import { SingleLabel } from '../../../lib/training/evaluation/single_label';
import { close, labels, MEASURED, scoresOf } from '../../support/evaluation';

const cases = Object.entries(MEASURED.single_label);

function measured(name: string, mostMistakes?: number) {
  const given = MEASURED.single_label[name]!;
  const measures = new SingleLabel(labels(given.counts[0]!.length), mostMistakes);
  given.target.forEach((target, i) =>
    measures.add({ path: `${i}.png`, target, scores: scoresOf(given, i) }),
  );
  return measures.result();
}

describe('scikit-learn measures the same', () => {
  test.each(cases)('of the whole: %s', (name, expected) => {
    expect(measured(name)).toMatchObject({
      problemType: 'single_label_classification',
      examples: expected.target.length,
      accuracy: close(expected.accuracy),
      top5: close(expected.top5),
      balancedAccuracy: close(expected.balanced_accuracy),
      macroF1: close(expected.macro_f1),
      loss: close(expected.loss),
      lossInterval: close(expected.loss_interval),
    });
  });

  test.each(cases)('of each class: %s', (name, expected) => {
    const { perClass, confusion } = measured(name);
    expect(perClass.map(({ label }) => label)).toEqual(labels(expected.support.length));
    for (const key of ['precision', 'recall', 'f1', 'support'] as const)
      expect(perClass.map((each) => each[key])).toEqual(close(expected[key]));
    const cells = expected.confusion.flatMap((row, target) =>
      row.flatMap((count, predicted) => (count === 0 ? [] : [[target, predicted, count]])),
    );
    expect(confusion).toEqual(
      expected.support.length > 100
        ? { matrix: null, cells }
        : { matrix: expected.confusion, cells: null },
    );
  });

  test.each(cases)('of the calibration: %s', (name, { ece, brier, bins }) => {
    const { calibration } = measured(name);
    expect([calibration.ece, calibration.brier]).toEqual(close([ece, brier]));
    expect(
      calibration.bins.map(({ count, confidence, accuracy }) => ({ count, confidence, accuracy })),
    ).toEqual(close(bins));
  });

  test('and the cases hold what is worth measuring', () => {
    const { seven, many, three, one } = MEASURED.single_label;
    expect(seven?.precision).toContain(null);
    expect(seven?.recall).toContain(null);
    expect(many?.f1).toContain(null);
    expect([three?.top5, one?.loss_interval]).toEqual([null, null]);
  });
});

describe('by hand', () => {
  const of = (...examples: [target: number, scores: number[]][]) => {
    const measures = new SingleLabel(['cat', 'dog', 'fox']);
    examples.forEach(([target, scores], i) => measures.add({ path: `${i}.png`, target, scores }));
    return measures;
  };

  test('the worst mistakes are those made with the highest scores', () => {
    const { mistakes, confusions } = of(
      [0, [0.25, 0.75, 0]],
      [1, [0, 1, 0]],
      [2, [0.875, 0, 0.125]],
      [2, [0.125, 0.75, 0.125]],
    ).result();
    expect(mistakes).toEqual([
      { path: '2.png', target: 'fox', predicted: 'cat', score: 0.875 },
      { path: '0.png', target: 'cat', predicted: 'dog', score: 0.75 },
      { path: '3.png', target: 'fox', predicted: 'dog', score: 0.75 },
    ]);
    expect(confusions.map(({ target, predicted }) => [target, predicted])).toEqual([
      ['cat', 'dog'],
      ['fox', 'cat'],
      ['fox', 'dog'],
    ]);
  });

  test('no examples have no measures, but every class', () => {
    const { perClass, confusion, calibration, mistakes, ...rest } = of().result();
    expect(rest).toEqual({
      ...{ problemType: 'single_label_classification', examples: 0, confusions: [] },
      ...{ accuracy: null, interval: null, top5: null, balancedAccuracy: null, macroF1: null },
      ...{ loss: null, lossInterval: null },
    });
    expect(perClass[2]).toEqual({
      label: 'fox',
      precision: null,
      recall: null,
      f1: null,
      support: 0,
    });
    expect([confusion.matrix?.flat().length, calibration.ece, mistakes]).toEqual([9, null, []]);
  });

  test.each([-1, 3, 0.5, NaN, '1', null, undefined, [1]])(
    'the target %p is no class, and counts for nothing',
    (target) => {
      const measures = of([0, [1, 0, 0]]);
      const before = measures.result();
      const add = () =>
        measures.add({ path: 'x.png', target: target as number, scores: [0, 1, 0] });
      expect(add).toThrow(/^Expected the number of a class, 0 to 2, for the target of x\.png but/);
      expect(measures.result()).toEqual(before);
    },
  );
});
