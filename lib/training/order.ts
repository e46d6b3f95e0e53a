// Which examples a step learns from, and what is drawn for it: all of it follows from the seed and the step alone, so
// that a run which goes on from a checkpoint does what it would have done.
import { Random } from './random';

export interface OrderOptions {
  /** Of the data set. */
  examples: number;
  /** Of a step. */
  batchSize: number;
  seed: number;
}

export class Order {
  private epoch = -1;
  private permutation: number[] = [];

  constructor(private readonly options: OrderOptions) {}

  /**
   * Numbers of the examples of a step: each once before any comes again, in an order that changes with each round. Where a
   * batch is larger than the data set they are drawn at random instead, as Google's loader does.
   */
  indices(step: number): number[] {
    const { examples, batchSize, seed } = this.options;
    if (batchSize > examples) {
      const random = new Random(seed, 'draw', step);
      return Array.from({ length: batchSize }, () => random.below(examples));
    }
    const first = step * batchSize;
    return Array.from({ length: batchSize }, (_, i) => this.at(first + i));
  }

  private at(position: number): number {
    const { examples, seed } = this.options;
    const epoch = Math.floor(position / examples);
    if (epoch !== this.epoch) {
      this.permutation = new Random(seed, 'order', epoch).permutation(examples);
      this.epoch = epoch;
    }
    return this.permutation[position % examples] as number;
  }
}
