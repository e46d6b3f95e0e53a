import { AveragePrecision } from '../../../lib/training/evaluation/average_precision';

function of(...answers: [score: number, isSo: boolean][]) {
  const precision = new AveragePrecision();
  answers.forEach((answer) => precision.add(...answer));
  return precision.value();
}

test('is the mean precision at each right one', () => {
  expect(of([0.9, true], [0.8, false], [0.7, true], [0.1, false])).toBeCloseTo((1 + 2 / 3) / 2, 14);
  expect(of([0.1, true], [0.9, false])).toBe(0.5);
  expect(of([0.9, true], [0.1, false])).toBe(1);
});

test('does not depend on the order of equal scores', () => {
  expect(of([0.5, true], [0.5, false])).toBe(0.5);
  expect(of([0.5, false], [0.5, true])).toBe(0.5);
});

test('is null where no example has the label', () => {
  expect(of()).toBeNull();
  expect(of([0.9, false])).toBeNull();
});

test('remembers as many as there are', () => {
  const precision = new AveragePrecision();
  // The right ones are the 2500 with the highest scores but for one that is the lowest of 5000.
  for (let i = 0; i < 5000; i++) precision.add(i / 5000, i > 2500 || i === 0);
  expect(precision.value()).toBeCloseTo((2499 + 2500 / 5000) / 2500, 12);
  expect(precision.value()).toBeCloseTo((2499 + 2500 / 5000) / 2500, 12); // asking changes nothing
});
