import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { Mean, meanOf, wilsonInterval } from '../../../lib/training/evaluation/interval';

const { wilson } = JSON.parse(
  readFileSync(join(__dirname, '..', '..', 'reference', 'evaluation.json'), 'utf8'),
) as {
  wilson: { successes: number; examples: number; interval: [number, number] }[];
};

describe("Wilson's interval", () => {
  test.each(wilson)(
    "is statsmodels': $successes of $examples",
    ({ successes, examples, interval }) => {
      const [low, high] = wilsonInterval(successes, examples) as [number, number];
      expect(low).toBeCloseTo(interval[0], 12);
      expect(high).toBeCloseTo(interval[1], 12);
    },
  );

  test('reaches the ends exactly, and never beyond', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.nat(10_000), (right, wrong) => {
        const all = right + wrong;
        if (all === 0) return;
        const [low, high] = wilsonInterval(right, all) as [number, number];
        expect(low >= 0 && low <= right / all && right / all <= high && high <= 1).toBe(true);
        expect([low === 0, high === 1]).toEqual([right === 0, wrong === 0]);
      }),
    );
  });

  test('is none of no examples, and wider of a larger quantile', () => {
    expect(wilsonInterval(0, 0)).toBeNull();
    const [low, high] = wilsonInterval(7, 10) as [number, number];
    const [lower, higher] = wilsonInterval(7, 10, 2.5758293035489004) as [number, number];
    expect(lower < low && high < higher).toBe(true);
  });
});

describe('a mean', () => {
  const of = (values: number[]) => {
    const mean = new Mean();
    values.forEach((value) => mean.add(value));
    return mean;
  };

  test('and its interval, by hand', () => {
    // The deviation is 2, the root of 4 is 2: one deviation of the mean is 1.
    const mean = of([1, 1, 5, 5].map((value) => value * Math.sqrt(0.75)));
    expect(mean.value).toBeCloseTo(3 * Math.sqrt(0.75), 14);
    const [low, high] = mean.interval() as [number, number];
    expect((high - low) / 2).toBeCloseTo(1.959963984540054, 12);
    expect((high + low) / 2).toBeCloseTo(3 * Math.sqrt(0.75), 12);
  });

  test('loses nothing of a small deviation of large values', () => {
    const mean = of([1e9 + 1, 1e9 + 2, 1e9 + 3]);
    expect(mean.value).toBe(1e9 + 2);
    expect(mean.spread).toBe(2);
  });

  test('is null of none, and has no interval of one', () => {
    expect([of([]).value, of([]).interval(), of([3]).value, of([3]).interval()]).toEqual([
      null,
      null,
      3,
      null,
    ]);
    expect(of([3, 3]).interval()).toEqual([3, 3]);
  });

  test('of what there is', () => {
    expect(meanOf([1, null, 3])).toBe(2);
    expect(meanOf([null])).toBeNull();
  });
});
