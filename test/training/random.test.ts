import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '../../lib/training/random';
import { REFERENCE } from '../support/reference';

const { points, cases } = JSON.parse(
  readFileSync(join(REFERENCE, 'datasets', 'beta.json'), 'utf8'),
) as {
  points: number[];
  cases: { a: number; b: number; mean: number; variance: number; cdf: number[] }[];
};

const drawn = (random: Random, count: number) => Array.from({ length: count }, () => random.next());
const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Of independent values, some 0 give or take 1 / sqrt(values). */
function correlation(a: readonly number[], b: readonly number[]): number {
  const [ma, mb] = [mean(a), mean(b)];
  const product = (x: readonly number[], mx: number, y: readonly number[], my: number) =>
    mean(x.map((value, at) => (value - mx) * ((y[at] as number) - my)));
  return product(a, ma, b, mb) / Math.sqrt(product(a, ma, a, ma) * product(b, mb, b, mb));
}

describe('what is drawn', () => {
  test('follows from the seed and the stream alone', () => {
    const first = drawn(new Random(7, 'augment', 3, 5), 20);
    drawn(new Random(7, 'augment', 3, 4), 5);
    expect(drawn(new Random(7, 'augment', 3, 5), 20)).toEqual(first);
    expect(first.every((value) => value >= 0 && value < 1)).toBe(true);
  });

  test('is what it has always been, so that runs can be gone on with', () => {
    // xoroshiro128+ (its low 32 bits) from SHA-256 of the names, computed apart in Python.
    expect(drawn(new Random(0, 'order', 1), 3)).toEqual([
      0.1730277297203544, 0.7456017732395133, 0.8217351259492592,
    ]);
  });

  test.each<[string, [number, ...(number | string)[]], [number, ...(number | string)[]]]>([
    ['seeds', [1], [2]],
    ['large seeds', [2 ** 52], [2 ** 52 + 1]],
    ['seeds that agree in 32 bits', [1], [2 ** 32 + 1]],
    ['purposes', [1, 'mix'], [1, 'mixup']],
    ['steps', [1, 'mix', 10], [1, 'mix', 11]],
    ['places of a number', [1, 'mix', 1, 0], [1, 'mix', 0, 1]],
    ['numbers and their text', [1, 2], [1, '2']],
    ['texts and their parts', [1, 'a', 'b'], [1, 'a,b']],
    ['a stream and none', [1], [1, '']],
  ])('neighbours differ: %s', (_, a, b) => {
    const [x, y] = [drawn(new Random(...a), 4000), drawn(new Random(...b), 4000)];
    expect(x.filter((value, at) => value === y[at])).toEqual([]);
    expect(Math.abs(correlation(x, y))).toBeLessThan(4 / Math.sqrt(4000));
  });

  test('the first numbers of neighbouring streams are as even as those of one', () => {
    for (const nth of [0, 1, 2]) {
      const values = Array.from({ length: 20_000 }, (_, step) => {
        const random = new Random(3, 'augment', step);
        return drawn(random, nth + 1)[nth] as number;
      });
      const counts = Array<number>(20).fill(0);
      for (const value of values) counts[Math.floor(value * 20)]!++;
      const chi = counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
      expect(chi).toBeLessThan(43.8); // 19 degrees of freedom, 1 in 1000
      expect(Math.abs(correlation(values.slice(1), values.slice(0, -1)))).toBeLessThan(
        4 / Math.sqrt(20_000),
      );
    }
  });

  test('has 53 bits', () => {
    const values = drawn(new Random(5), 200).map((value) => value * 2 ** 53);
    expect(values.every(Number.isInteger)).toBe(true);
    const bits = Array.from({ length: 53 }, (_, bit) =>
      mean(values.map((value) => Math.floor(value / 2 ** bit) % 2)),
    );
    expect(bits.filter((ones) => ones < 0.3 || ones > 0.7)).toEqual([]);
  });
});

describe('below', () => {
  test('each number is as likely', () => {
    const random = new Random(1, 'below');
    const counts = [0, 0, 0, 0, 0, 0, 0];
    for (let times = 0; times < 70_000; times++) counts[random.below(7)]!++;
    const chi = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    expect(chi).toBeLessThan(22.5); // 6 degrees of freedom, 1 in 1000
  });

  test('one is the only number below 1, and there are some beyond 32 bits', () => {
    const random = new Random(1);
    expect([random.below(1), random.below(1)]).toEqual([0, 0]);
    const large = Array.from({ length: 100 }, () => random.below(Number.MAX_SAFE_INTEGER));
    expect(large.every(Number.isSafeInteger)).toBe(true);
    expect(Math.max(...large)).toBeGreaterThan(2 ** 52);
  });

  test.each([0, -1, 1.5, NaN, Infinity])('%p has none', (n) => {
    expect(() => new Random(1).below(n)).toThrow(new RangeError(`No whole number is below ${n}`));
  });
});

describe('shuffled', () => {
  test('holds the same things, and leaves the list as it is', () => {
    const list = ['a', 'b', 'c', 'd', 'e'];
    const result = new Random(2).shuffled(list);
    expect(list).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(result).not.toEqual(list);
    expect([...result].sort()).toEqual(list);
    expect(new Random(2).shuffled([])).toEqual([]);
  });

  test('each order is as likely', () => {
    const counts = new Map<string, number>();
    for (let times = 0; times < 24_000; times++) {
      const order = new Random(9, times).permutation(4).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    const chi = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chi).toBeLessThan(49.7); // 23 degrees of freedom, 1 in 1000
  });
});

describe('beta', () => {
  const COUNT = 40_000;

  test.each(cases)(
    '$a, $b: moments and distribution are those of SciPy',
    ({ a, b, ...expected }) => {
      const random = new Random(11, 'beta', a, b);
      const values = Array.from({ length: COUNT }, () => random.beta(a, b));
      expect(values.every((value) => value >= 0 && value <= 1)).toBe(true);
      const deviation = Math.sqrt(expected.variance / COUNT);
      expect(Math.abs(mean(values) - expected.mean)).toBeLessThan(4 * deviation);
      const variance = mean(values.map((value) => (value - expected.mean) ** 2));
      expect(Math.abs(variance / expected.variance - 1)).toBeLessThan(0.05);
      const below = points.map((point) => values.filter((value) => value <= point).length / COUNT);
      const far = below.map((share, at) => {
        const exact = expected.cdf[at] as number;
        return Math.abs(share - exact) - 4 * Math.sqrt((exact * (1 - exact)) / COUNT);
      });
      expect(Math.max(...far)).toBeLessThan(1e-4);
    },
  );

  test('small parameters give 0 or 1, and never nothing', () => {
    const random = new Random(1);
    const values = Array.from({ length: 2000 }, () => random.beta(1e-4, 1e-4));
    expect(values.filter((value) => !(value < 1e-3 || value > 1 - 1e-3)).length).toBeLessThan(20);
    expect(mean(values)).toBeGreaterThan(0.4);
    expect(mean(values)).toBeLessThan(0.6);
    expect(random.beta(1e-4, 5)).toBeLessThan(1e-3);
    expect(random.beta(1e300, 1e300)).toBeCloseTo(0.5, 6);
  });

  test.each([
    [0, 1],
    [1, -1],
    [NaN, 1],
    [1, Infinity],
  ])('%p and %p are no parameters', (a, b) => {
    expect(() => new Random(1).beta(a, b)).toThrow(RangeError);
  });
});
