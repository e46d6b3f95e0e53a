// The batches of a run, made ahead of the steps that learn from them.
import type { NativeTensor } from '../binding/types';
import { BitError } from '../errors';
import { cropInto, drawAugmentation, type Normalisation, type SquarePicture } from './augment';
import type { DatasetProblem, Example, ProblemType } from './data/dataset';
import type { LearnerBatch } from './learner';
import type { Order } from './order';
import { isUnreadable, type Pictures } from './pictures';
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
  /** Of the processes that share a batch, which one this is; null for one that has all of it. */
  share: { rank: number; size: number } | null;
  /** Called with each picture that cannot be read any more, once. */
  onProblem: (problem: DatasetProblem) => void;
}

/** How many steps' batches may be made ahead. */
const STEPS_AHEAD = 1;
/** dropSeed has as many bits. */
const SEEDS = 2 ** 53;
/** Examples that are drawn in the place of one whose picture is gone, until one can be read. */
const MOST_DRAWS = 100;

/** An example of a batch. */
interface Found {
  example: Example;
  picture: SquarePicture;
}

export class Feed {
  private readonly made = new Map<number, Promise<LearnerBatch[]>>();
  /** Examples whose pictures cannot be read any more, and why. */
  private readonly gone = new Map<Example, BitError>();

  constructor(
    private readonly options: FeedOptions,
    private readonly order: Order,
    private readonly pictures: Pictures,
  ) {}

  /**
   * The micro-batches of a step; those of the next one are begun.
   * @param last the step after which there is none.
   * @throws BitError ERR_BIT_IMAGE where a picture cannot be read any more, nor any that is drawn in its place.
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
      const whole = chosen.slice(first, first + size);
      const own = this.shareOf(whole.length);
      if (own.length > 0) batches.push(await this.part(whole, own, lambda, step, first));
    }
    return batches;
  }

  /** Places in a micro-batch of `count` that this process learns from: one after the other. */
  private shareOf(count: number): number[] {
    const { rank, size } = this.options.share ?? { rank: 0, size: 1 };
    const [begin, end] = [rank, rank + 1].map((part) => Math.floor((part * count) / size)) as [
      number,
      number,
    ];
    return Array.from({ length: end - begin }, (_, i) => begin + i);
  }

  /**
   * What is drawn is drawn for the whole micro-batch, which begins at place `first` of the step: it is the same however many
   * processes share it. Partners of MixUp that others learn from come after the own pictures.
   */
  private async part(
    whole: readonly Example[],
    own: readonly number[],
    lambda: number,
    step: number,
    first: number,
  ): Promise<LearnerBatch> {
    const { mixup, problemType, seed } = this.options;
    const permutation =
      mixup > 0 ? new Random(seed, 'mix', step, first).permutation(whole.length) : null;
    const partners = permutation ? own.map((place) => permutation[place] as number) : [];
    const places = [...new Set([...own, ...partners])];
    const { pixelValues, used } = await this.read(whole, places, step, first);
    return {
      pixelValues,
      labels: targetsOf(used, problemType),
      mixing: permutation && {
        lambda,
        partners: partners.map((place) => places.indexOf(place)),
      },
      dropSeed: Math.floor(new Random(seed, 'drop', step, first).next() * SEEDS),
      first: own[0] as number,
      of: whole.length,
    };
  }

  /** Pictures of places of a micro-batch, which begins at place `first` of the step, and the examples that they are of. */
  private async read(
    whole: readonly Example[],
    places: readonly number[],
    step: number,
    first: number,
  ): Promise<{ pixelValues: NativeTensor; used: Example[] }> {
    const { crop, normalisation, seed } = this.options;
    const values = 3 * crop * crop;
    const data = new Float32Array(places.length * values);
    const used = await Promise.all(
      places.map(async (place, i) => {
        const [own, at] = [whole[place] as Example, first + place];
        const drawn = drawAugmentation(new Random(seed, 'augment', step, at), this.options);
        const { example, picture } = await this.find(own, step, at);
        cropInto(data, i * values, picture, crop, drawn, normalisation);
        return example;
      }),
    );
    const shape = [places.length, 3, crop, crop];
    return { pixelValues: { dtype: 'float32', shape, data }, used };
  }

  /** An example, or where its picture is gone another one, which follows from the step and the place. */
  private async find(own: Example, step: number, place: number): Promise<Found> {
    const { examples, seed } = this.options;
    let example = own;
    for (let draw = 0; ; draw++) {
      const picture = await this.pictureOf(example);
      if (picture) return { example, picture };
      if (draw === MOST_DRAWS) break;
      const random = new Random(seed, 'instead', step, place, draw);
      example = examples[random.below(examples.length)] as Example;
    }
    const cause = this.gone.get(own) as BitError;
    throw new BitError(
      'ERR_BIT_IMAGE',
      `${cause.message}; and none of the ${MOST_DRAWS} pictures that were drawn in its place can be read either`,
      { cause },
    );
  }

  /** Null where it cannot be read any more; it is not tried again, since servers may be slow to say so. */
  private async pictureOf(example: Example): Promise<SquarePicture | null> {
    if (this.gone.has(example)) return null;
    try {
      return await this.pictures.get(example);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      if (!this.gone.has(example))
        this.options.onProblem({ path: example.path, message: error.message });
      this.gone.set(example, error);
      return null;
    }
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
