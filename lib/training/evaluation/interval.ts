// How far what was measured of a sample may be from the truth: intervals of proportions and of means.

/**
 * Both ends.
 * @category Training
 */
export type Interval = [low: number, high: number];

/** Of the standard normal distribution: 95 % lie within so many deviations of the mean. */
export const Z_95 = 1.959963984540054;

/**
 * The score interval of a proportion (E. B. Wilson, "Probable Inference, the Law of Succession, and
 * Statistical Inference", 1927), without a correction for continuity.
 * @returns null of no examples.
 */
export function wilsonInterval(successes: number, examples: number, z = Z_95): Interval | null {
  if (examples === 0) return null;
  const share = successes / examples;
  const weight = z ** 2 / examples;
  const middle = share + weight / 2;
  const half = Math.sqrt(weight * (share * (1 - share) + weight / 4));
  // Where the interval reaches 1, rounding may lead past it; at 0 the root is exact.
  const high = successes === examples ? 1 : (middle + half) / (1 + weight);
  return [(middle - half) / (1 + weight), high];
}

/** Mean and deviation of values that come one at a time (Welford, 1962). */
export class Mean {
  private count = 0;
  private mean = 0;
  private squares = 0;

  add(value: number): void {
    const before = value - this.mean;
    this.mean += before / ++this.count;
    this.squares += before * (value - this.mean);
  }

  /** Null of no values. */
  get value(): number | null {
    return this.count === 0 ? null : this.mean;
  }

  /** Sum of the squared distances from the mean. */
  get spread(): number {
    return this.squares;
  }

  /** By the normal distribution, which the mean of many values has; null of fewer than two. */
  interval(z = Z_95): Interval | null {
    if (this.count < 2) return null;
    const half = z * Math.sqrt(this.squares / (this.count - 1) / this.count);
    return [this.mean - half, this.mean + half];
  }
}

/** Of those that there are; null where there are none. */
export function meanOf(values: Iterable<number | null>): number | null {
  const mean = new Mean();
  for (const value of values) if (value !== null) mean.add(value);
  return mean.value;
}
