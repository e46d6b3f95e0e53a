// Which examples a step learns from.
import { Order } from '../../lib/training/order';

const order = (examples: number, batchSize: number, seed = 0) =>
  new Order({ examples, batchSize, seed });
const steps = (of: Order, count: number) =>
  Array.from({ length: count }, (_, step) => of.indices(step));

test('each example comes once in a round, in an order that changes from round to round', () => {
  const flat = steps(order(10, 4), 10).flat();
  const rounds = [0, 1, 2, 3].map((round) => flat.slice(10 * round, 10 * round + 10));
  for (const round of rounds)
    expect([...round].sort((a, b) => a - b)).toEqual([...Array(10).keys()]);
  expect(new Set(rounds.map(String)).size).toBe(4);
});

test('depends on the seed and the step alone', () => {
  const [first, again, other] = [order(50, 8), order(50, 8), order(50, 8, 1)];
  const all = steps(first, 20);
  expect(again.indices(17)).toEqual(all[17]);
  expect(again.indices(3)).toEqual(all[3]);
  expect(steps(other, 20)).not.toEqual(all);
});

test('a batch that is larger than the data is drawn with replacement, from all of it', () => {
  const few = order(3, 300);
  const drawn = few.indices(5);
  const counts = [0, 1, 2].map((index) => drawn.filter((each) => each === index).length);
  expect(counts.reduce((a, b) => a + b)).toBe(300);
  for (const count of counts) expect(Math.abs(count - 100)).toBeLessThan(40);
  expect(order(3, 300).indices(5)).toEqual(drawn);
  expect(few.indices(6)).not.toEqual(drawn);
});
