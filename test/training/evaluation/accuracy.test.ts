import fc from 'fast-check';
import { Accuracy, bestOf, rankOf } from '../../../lib/training/evaluation/accuracy';

describe('the order of scores', () => {
  test('the lower number comes first of equal ones', () => {
    expect(bestOf([0.2, 0.4, 0.4, 0])).toBe(1);
    expect([0, 1, 2, 3].map((each) => rankOf([0.2, 0.4, 0.4, 0], each))).toEqual([2, 0, 1, 3]);
    expect(bestOf(new Float32Array(3))).toBe(0);
  });

  test('is that of a stable sort', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 12 }),
        (scores) => {
          const sorted = scores.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
          expect(bestOf(scores)).toBe(sorted[0]);
          expect(sorted.map((each) => rankOf(scores, each))).toEqual(scores.map((_, i) => i));
        },
      ),
    );
  });
});

describe('accuracy', () => {
  const of = (classes: number, ...examples: [target: number, rank: number][]) => {
    const accuracy = new Accuracy(classes);
    examples.forEach(([target, rank]) => accuracy.add(target, rank));
    return accuracy;
  };

  test('counts those whose class was among the first k', () => {
    const accuracy = of(9, [0, 0], [1, 1], [2, 4], [3, 5], [0, 8]);
    expect([1, 2, 4, 5].map((k) => accuracy.top(k))).toEqual([0.2, 0.4, 0.4, 0.6]);
    expect(accuracy.hits).toBe(1);
  });

  test('is null of no examples, and where no class could be missed', () => {
    expect(of(9).top(1)).toBeNull();
    expect(of(5, [0, 4]).top(5)).toBeNull();
    expect(of(4, [0, 3]).top(5)).toBeNull();
    expect(of(6, [0, 4]).top(5)).toBe(1);
    expect(of(1, [0, 0]).top(1)).toBe(1);
  });

  test('per class counts classes alike, however many examples they have; those without do not count', () => {
    const accuracy = of(4, [0, 0], [0, 0], [0, 0], [0, 1], [2, 1], [2, 0]);
    expect(accuracy.meanPerClass()).toBe((0.75 + 0.5) / 2);
    expect(of(4).meanPerClass()).toBeNull();
  });
});
