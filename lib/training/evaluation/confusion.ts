// Which classes are taken for which.

/**
 * Of one class or label; what is 0 / 0 is null.
 * @category Training
 */
export interface ClassMeasures {
  /** Its name. */
  label: string;
  /** How many of those that were predicted so are so. */
  precision: number | null;
  /** How many of those that are so were predicted so. */
  recall: number | null;
  /** The harmonic mean of both. */
  f1: number | null;
  /** Examples that are so. */
  support: number;
}

/**
 * Examples by what they are and what they were taken for, by the numbers of classes; either of both.
 * @category Training
 */
export interface ConfusionCounts {
  /** Rows: what they are; columns: what they were taken for. Null of more than 100 classes. */
  matrix: number[][] | null;
  /** [what they are, what they were taken for, how many], those that there are; null of fewer classes. */
  cells: [target: number, predicted: number, count: number][] | null;
}

/**
 * A class that was taken for another.
 * @category Training
 */
export interface ConfusedPair {
  /** What it is. */
  target: string;
  /** What it was taken for. */
  predicted: string;
  /** How many. */
  count: number;
}

/** Examples of one class or label. */
export interface Sums {
  /** Predicted so, and so. */
  right: number;
  /** All that were predicted so. */
  predicted: number;
  /** All that are so. */
  support: number;
}

/** Classes of a table that can be looked at. */
export const MOST_DENSE = 100;
/** Of the most frequent ones. */
const MOST_PAIRS = 20;

export class Confusion {
  /** By target · classes + predicted: of many classes few pairs occur. */
  private readonly counts = new Map<number, number>();

  constructor(private readonly labels: readonly string[]) {}

  add(target: number, predicted: number): void {
    const key = target * this.labels.length + predicted;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }

  perClass(): ClassMeasures[] {
    const sums = this.labels.map(() => ({ right: 0, predicted: 0, support: 0 }));
    for (const [target, predicted, count] of this.cells()) {
      const [own, taken] = [sums[target], sums[predicted]] as [Sums, Sums];
      own.support += count;
      taken.predicted += count;
      if (target === predicted) own.right += count;
    }
    return this.labels.map((label, i) => ({ label, ...measuresOf(sums[i] as Sums) }));
  }

  counted(): ConfusionCounts {
    const cells = this.cells();
    if (this.labels.length > MOST_DENSE) return { matrix: null, cells };
    const matrix = this.labels.map(() => this.labels.map(() => 0));
    for (const [target, predicted, count] of cells) (matrix[target] as number[])[predicted] = count;
    return { matrix, cells: null };
  }

  /** The most frequent ones first; equally frequent ones by their numbers. */
  mostFrequent(most = MOST_PAIRS): ConfusedPair[] {
    return this.cells()
      .filter(([target, predicted]) => target !== predicted)
      .sort((a, b) => b[2] - a[2])
      .slice(0, most)
      .map(([target, predicted, count]) => ({
        target: this.labels[target] as string,
        predicted: this.labels[predicted] as string,
        count,
      }));
  }

  /** Those that there are, in the order of a matrix. */
  private cells(): [target: number, predicted: number, count: number][] {
    const classes = this.labels.length;
    return [...this.counts]
      .sort(([a], [b]) => a - b)
      .map(([key, count]) => [Math.floor(key / classes), key % classes, count]);
  }
}

/** What is 0 / 0 is null. */
export function measuresOf({ right, predicted, support }: Sums): Omit<ClassMeasures, 'label'> {
  return {
    precision: share(right, predicted),
    recall: share(right, support),
    f1: share(2 * right, predicted + support),
    support,
  };
}

const share = (part: number, all: number) => (all === 0 ? null : part / all);
