// The batches of a run, made ahead of the steps that learn from them.
import type { NativeTensor } from '../binding/types';
import type { Example, ProblemType } from './data/dataset';
import { cropInto, drawAugmentation, type Normalisation } from './augment';
import type { LearnerBatch } from './learner';
import type { Order } from './order';
import type { Pictures } from './pictures';
import { Random } from './random';

export interface FeedOptions {
  examples: readonly Example[];
  problemType: ProblemType;
  resize: number;
  crop: number;
  /** Probability that a picture is mirrored. */
  flip: number;
  /** Both parameters of MixUp's Beta distribution; 0 for none. */
  mixup: number;
  /** Into how many micro-batches a batch falls. */
  batchSplit: number;
  normalisation: Normalisation;
  seed: number;
}

/** How many steps' batches may be made ahead. */
const STEPS_AHEAD = 1;
/** dropSeed has as many bits. */
const SEEDS = 2 ** 53;

export class Feed {
  private readonly made = new Map<number, Promise<LearnerBatch[]>>();

  constructor(
    private readonly options: FeedOptions,
    private readonly order: Order,
    private readonly pictures: Pictures,
  ) {}

  /**
   * The micro-batches of a step; those of the next one are begun.
   * @param last the step after which there is none.
   * @throws BitError ERR_BIT_IMAGE for a picture that cannot be read any more.
   */
  async take(step: number, last: number): Promise<LearnerBatch[]> {
    for (let ahead = step; ahead <= Math.min(step + STEPS_AHEAD, last); ahead++) this.begin(ahead);
    try {
      return await (this.made.get(step) as Promise<LearnerBatch[]>);
    } finally {
      this.made.delete(step);
    }
  }

  private begin(step: number): void {
    if (this.made.has(step)) return;
    const made = this.make(step);
    made.catch(() => undefined); // thrown where it is taken
    this.made.set(step, made);
  }

  private async make(step: number): Promise<LearnerBatch[]> {
    const { examples, batchSplit, mixup, seed } = this.options;
    const chosen = this.order.indices(step).map((index) => examples[index] as Example);
    const size = Math.ceil(chosen.length / batchSplit);
    // One share for all of a step, as Google's loop has it.
    const lambda = mixup > 0 ? new Random(seed, 'mixup', step).beta(mixup, mixup) : 1;
    const batches: LearnerBatch[] = [];
    for (let first = 0; first < chosen.length; first += size) {
      const part = chosen.slice(first, first + size);
      batches.push({
        pixelValues: await this.pixels(part, step, first),
        labels: targetsOf(part, this.options.problemType),
        mixing:
          mixup > 0
            ? { lambda, permutation: new Random(seed, 'mix', step, first).permutation(part.length) }
            : null,
        dropSeed: Math.floor(new Random(seed, 'drop', step, first).next() * SEEDS),
      });
    }
    return batches;
  }

  private async pixels(
    part: readonly Example[],
    step: number,
    first: number,
  ): Promise<NativeTensor> {
    const { crop, normalisation, seed } = this.options;
    const values = 3 * crop * crop;
    const data = new Float32Array(part.length * values);
    await Promise.all(
      part.map(async (example, i) => {
        const drawn = drawAugmentation(new Random(seed, 'augment', step, first + i), this.options);
        const picture = await this.pictures.get(example);
        cropInto(data, i * values, picture, crop, drawn, normalisation);
      }),
    );
    return { dtype: 'float32', shape: [part.length, 3, crop, crop], data };
  }
}

/** int64 [N] of classes; float32 [N, labels] of all else. */
export function targetsOf(examples: readonly Example[], problemType: ProblemType): NativeTensor {
  const targets = examples.map(({ target }) => target);
  if (problemType === 'single_label_classification')
    return {
      dtype: 'int64',
      shape: [targets.length],
      data: BigInt64Array.from(targets.map((target) => BigInt(target as number))),
    };
  const rows = targets.map((target) => (Array.isArray(target) ? target : [target]));
  const width = rows[0]?.length ?? 0;
  return {
    dtype: 'float32',
    shape: [rows.length, width],
    data: Float32Array.from(rows.flat()),
  };
}
