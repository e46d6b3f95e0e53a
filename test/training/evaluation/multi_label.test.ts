import { MultiLabel } from '../../../lib/training/evaluation/multi_label';
import { close, labels, MEASURED, scoresOf } from '../../support/evaluation';

const expected = MEASURED.multi_label;

function measured() {
  const measures = new MultiLabel(labels(expected.support.length));
  expected.target.forEach((target, i) =>
    measures.add({ path: `${i}.png`, target, scores: scoresOf(expected, i) }),
  );
  return measures.result();
}

describe('scikit-learn measures the same', () => {
  test('of the whole', () => {
    expect(measured()).toMatchObject({
      problemType: 'multi_label_classification',
      examples: expected.target.length,
      accuracy: close(expected.accuracy),
      microF1: close(expected.micro_f1),
      macroF1: close(expected.macro_f1),
      meanAveragePrecision: close(expected.mean_average_precision),
      loss: close(expected.loss),
      lossInterval: close(expected.loss_interval),
    });
  });

  test('of each label', () => {
    const { perClass } = measured();
    expect(perClass.map(({ label }) => label)).toEqual(labels(6));
    for (const key of ['precision', 'recall', 'f1', 'support'] as const)
      expect(perClass.map((each) => each[key])).toEqual(close(expected[key]));
    expect(perClass.map((each) => each.averagePrecision)).toEqual(
      close(expected.average_precision),
    );
    expect(expected.average_precision).toContain(null);
    expect(expected.precision).toContain(null);
  });
});

describe('by hand', () => {
  const of = (...examples: [target: number[], scores: number[]][]) => {
    const measures = new MultiLabel(['red', 'round', 'big']);
    examples.forEach(([target, scores], i) => measures.add({ path: `${i}.png`, target, scores }));
    return measures;
  };

  test('a label is predicted above 0.5, not at it', () => {
    const { accuracy, perClass } = of(
      [
        [0, 0, 1],
        [0.5, 0.5, 0.51],
      ],
      [
        [1, 0, 0],
        [0.5, 0, 0],
      ],
    ).result();
    expect(accuracy).toBe(0.5);
    expect(perClass.map(({ recall }) => recall)).toEqual([0, null, 1]);
  });

  test("the interval is Wilson's, of examples that are all right", () => {
    const { interval } = of(
      [
        [1, 0, 0],
        [1, 0, 0],
      ],
      [
        [1, 0, 0],
        [1, 0, 1],
      ],
      [
        [1, 0, 0],
        [0, 0, 0],
      ],
    ).result();
    // Of 1 of 3, by statsmodels.
    expect(interval).toEqual([
      expect.closeTo(0.0614919447203963, 12),
      expect.closeTo(0.7923403991979523, 12),
    ]);
  });

  test('the worst mistakes are labels that it has not, by their scores', () => {
    const { mistakes } = of(
      [
        [1, 0, 1],
        [1, 0.75, 0],
      ],
      [
        [0, 0, 0],
        [0.625, 0.875, 0.5],
      ],
      [
        [1, 1, 1],
        [0, 0, 0],
      ],
      [
        [0, 0, 0],
        [0.5, 0.25, 0],
      ],
    ).result();
    expect(mistakes).toEqual([
      { path: '1.png', target: [], predicted: 'round', score: 0.875 },
      { path: '0.png', target: ['red', 'big'], predicted: 'round', score: 0.75 },
    ]);
  });

  test('no examples have no measures', () => {
    expect(of().result()).toMatchObject({
      ...{ examples: 0, accuracy: null, interval: null, meanAveragePrecision: null },
      ...{ microF1: null, macroF1: null, loss: null, lossInterval: null, mistakes: [] },
    });
  });

  test.each([
    [[1, 0]],
    [[1, 0, 0.5]],
    [[1, 0, 0, 0]],
    [[1, 0, NaN]],
    [[true, false, true]],
    [1],
    [null],
  ])('the target %j is refused, and counts for nothing', (target) => {
    const measures = of([
      [1, 0, 0],
      [1, 0, 0],
    ]);
    const before = measures.result();
    const add = () =>
      measures.add({ path: 'x.png', target: target as number[], scores: [0, 1, 0] });
    expect(add).toThrow(
      /^Expected a list of 3 ones or zeros for the target of x\.png but received/,
    );
    expect(measures.result()).toEqual(before);
  });
});
