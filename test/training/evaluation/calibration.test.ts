import { brierOf, Calibration, lossOf } from '../../../lib/training/evaluation/calibration';

function of(...answers: [score: number, isRight: boolean][]) {
  const calibration = new Calibration();
  answers.forEach(([score, isRight]) => calibration.add(score, isRight, 0));
  return calibration.result();
}
const binOf = (score: number) => of([score, true]).bins.findIndex(({ count }) => count === 1);

describe('bins', () => {
  test('are fifteen of equal width; an edge belongs to the one below it', () => {
    const { bins } = of();
    expect(bins).toHaveLength(15);
    expect([bins[0]?.low, bins[14]?.high]).toEqual([0, 1]);
    bins.slice(1).forEach(({ low }, i) => expect(low).toBe(bins[i]?.high));
    for (let edge = 1; edge <= 15; edge++) expect(binOf(edge / 15)).toBe(edge - 1);
    expect(binOf(0)).toBe(0);
  });

  test('take what lies next to an edge on its own side', () => {
    for (let edge = 1; edge < 15; edge++) {
      expect(binOf((edge / 15) * (1 + Number.EPSILON))).toBe(edge);
      expect(binOf((edge / 15) * (1 - Number.EPSILON))).toBe(edge - 1);
    }
    expect(binOf(Number.MIN_VALUE)).toBe(0);
    expect(binOf(1 - Number.EPSILON)).toBe(14);
  });

  test('without examples have neither confidence nor accuracy', () => {
    const { ece, brier, bins } = of();
    expect([ece, brier]).toEqual([null, null]);
    expect(bins[7]).toEqual({
      low: 7 / 15,
      high: 8 / 15,
      count: 0,
      confidence: null,
      accuracy: null,
    });
  });
});

describe('the expected calibration error', () => {
  test('by hand', () => {
    const { ece, bins } = of([0.9, true], [0.92, false], [0.91, true], [0.5, true]);
    expect(bins[13]).toMatchObject({ count: 3, accuracy: 2 / 3 });
    expect(bins[13]?.confidence).toBeCloseTo(0.91, 14);
    expect(ece).toBeCloseTo((3 * (0.91 - 2 / 3) + 0.5) / 4, 14);
  });

  test('is none where scores keep their word, and all of it where they never do', () => {
    expect(of([0.5, true], [0.5, false]).ece).toBe(0);
    expect(of([1, false], [1, false]).ece).toBe(1);
  });
});

describe('of one example', () => {
  test("Brier's score is 0 to 2", () => {
    expect(brierOf([0, 1, 0], 1)).toBe(0);
    expect(brierOf([1, 0, 0], 1)).toBe(2);
    expect(brierOf([0.5, 0.25, 0.25], 0)).toBe(0.375);
  });

  test('the loss is bounded, as scikit-learn has it', () => {
    expect(lossOf(0.25)).toBe(Math.log(4));
    expect(lossOf(0)).toBeCloseTo(36.04365338911715, 12);
    expect(lossOf(1)).toBeCloseTo(2.220446049250313e-16, 25);
  });
});
