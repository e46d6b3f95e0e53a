// What a run draws: numbers that follow from its seed and from what they are for, and from nothing else.
import { createHash } from 'node:crypto';
import { unsafeUniformIntDistribution, xoroshiro128plus, type RandomGenerator } from 'pure-rand';

/** What a double holds between 0 and 1, in equal steps: 2^-53, drawn as 27 and 26 bits. */
const HIGH_BITS = 27;
const LOW_BITS = 26;

export class Random {
  private readonly generator: RandomGenerator;

  /**
   * @param stream what is drawn for, such as `'augment', step, image`: each has numbers of its own, however near it is
   * to another one, and they are the same whenever it is drawn for again.
   */
  constructor(seed: number, ...stream: (number | string)[]) {
    this.generator = xoroshiro128plus.fromState(stateOf([seed, ...stream]));
  }

  /** From 0 to below 1, of 53 bits. */
  next(): number {
    const high = this.generator.unsafeNext() >>> (32 - HIGH_BITS);
    const low = this.generator.unsafeNext() >>> (32 - LOW_BITS);
    return (high * 2 ** LOW_BITS + low) / 2 ** (HIGH_BITS + LOW_BITS);
  }

  /** A whole number from 0 to below `n`, each as likely. @throws RangeError where there is none. */
  below(n: number): number {
    if (!Number.isSafeInteger(n) || n < 1) throw new RangeError(`No whole number is below ${n}`);
    return unsafeUniformIntDistribution(0, n - 1, this.generator);
  }

  /** The same things in an order of which each is as likely (Fisher and Yates). */
  shuffled<T>(list: readonly T[]): T[] {
    const order = [...list];
    for (let end = order.length - 1; end > 0; end--) {
      const at = this.below(end + 1);
      [order[end], order[at]] = [order[at] as T, order[end] as T];
    }
    return order;
  }

  /** The numbers from 0 to below `n`, shuffled. */
  permutation(n: number): number[] {
    return this.shuffled(Array.from({ length: n }, (_, index) => index));
  }

  /**
   * Of the Beta distribution, from 0 to 1.
   * @throws RangeError for parameters that are not positive.
   */
  beta(a: number, b: number): number {
    if (!(a > 0 && b > 0 && a < Infinity && b < Infinity))
      throw new RangeError(`Expected positive parameters of Beta but received ${a} and ${b}`);
    if (a <= 1 && b <= 1) return this.johnk(a, b);
    const [x, y] = [this.gamma(a), this.gamma(b)];
    return 1 / (1 + y / x);
  }

  /** M. D. Jöhnk, 1964; by logarithms, since powers of small parameters are too small for a double. */
  private johnk(a: number, b: number): number {
    for (;;) {
      const x = Math.log(this.positive()) / a;
      const y = Math.log(this.positive()) / b;
      if (Math.exp(x) + Math.exp(y) <= 1) return 1 / (1 + Math.exp(y - x));
    }
  }

  /** G. Marsaglia and W. W. Tsang, A Simple Method for Generating Gamma Variables, 2000; of scale 1. */
  private gamma(shape: number): number {
    if (shape < 1) return this.gamma(shape + 1) * this.positive() ** (1 / shape);
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const v = (1 + c * x) ** 3;
      if (v <= 0) continue;
      if (Math.log(this.positive()) < x ** 2 / 2 + d - d * v + d * Math.log(v)) return d * v;
    }
  }

  /** G. E. P. Box and M. E. Muller, 1958. */
  private normal(): number {
    return Math.sqrt(-2 * Math.log(this.positive())) * Math.cos(2 * Math.PI * this.next());
  }

  /** From above 0 to 1. */
  private positive(): number {
    return 1 - this.next();
  }
}

/** All of a generator's 128 bits, from a hash that tells 1 from '1' and ['a', 'b'] from ['a,b']. */
function stateOf(names: readonly (number | string)[]): number[] {
  const words = names.map((name) => [typeof name, String(name)]);
  const hash = createHash('sha256').update(JSON.stringify(words)).digest();
  return [0, 4, 8, 12].map((at) => hash.readInt32LE(at));
}
