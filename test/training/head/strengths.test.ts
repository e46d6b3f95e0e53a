// Which strength is taken, and when weaker ones need not be tried.
import { bestOf, isBehind, STRENGTHS } from '../../../lib/training/head/strengths';

const scores = (...losses: number[]) =>
  losses.map((loss, i) => ({ strength: STRENGTHS[i]!, loss, accuracy: null }));

test('strengths fall by half a power of ten', () => {
  expect(STRENGTHS[0]).toBe(100);
  expect(STRENGTHS.at(-1)).toBe(1e-6);
  expect(STRENGTHS).toHaveLength(17);
  for (const [i, strength] of STRENGTHS.slice(1).entries())
    expect(STRENGTHS[i]! / strength).toBeCloseTo(Math.sqrt(10), 4);
});

test('the least loss is the best, and of equal ones the strongest', () => {
  expect(bestOf([])).toBeNull();
  expect(bestOf(scores(3, 1, 2))?.strength).toBe(STRENGTHS[1]);
  expect(bestOf(scores(3, 1, 1))?.strength).toBe(STRENGTHS[1]);
});

test('two that are no better end the search', () => {
  expect(isBehind([])).toBe(false);
  expect(isBehind(scores(3, 2, 2))).toBe(false);
  expect(isBehind(scores(3, 2, 2, 2))).toBe(true);
  expect(isBehind(scores(3, 2, 2.1, 1.9))).toBe(false);
  expect(isBehind(scores(3, 2, 2.1, 1.9, 2, 2))).toBe(true);
});
