import fc from 'fast-check';
import { MOST_MISTAKES, Worst } from '../../../lib/training/evaluation/mistakes';

function of(weights: number[], most?: number) {
  const worst = new Worst<number>(most);
  weights.forEach((weight, i) => worst.add(weight, i));
  return worst.list;
}

test('the worst come first; of equal ones those that came first', () => {
  expect(of([0.5, 0.9, 0.5, 0.7, 0.9], 4)).toEqual([1, 4, 3, 0]);
});

test('are what a stable sort of all gives, and never more', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 60 }),
      fc.nat(12),
      (weights, most) => {
        const sorted = weights.map((_, i) => i).sort((a, b) => weights[b]! - weights[a]!);
        expect(of(weights, most)).toEqual(sorted.slice(0, most));
      },
    ),
  );
  expect(of(Array<number>(1000).fill(1))).toHaveLength(MOST_MISTAKES);
});
