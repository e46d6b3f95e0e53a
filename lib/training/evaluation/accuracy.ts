// How often the right class comes first, or among the first.

/** Of equal scores the lower number comes first, as pipelines and NumPy's argmax have it. */
export function bestOf(scores: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < scores.length; i++)
    if ((scores[i] as number) > (scores[best] as number)) best = i;
  return best;
}

/** The place of a class among all by their scores, from 0. */
export function rankOf(scores: ArrayLike<number>, target: number): number {
  const own = scores[target] as number;
  let rank = 0;
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i] as number;
    if (score > own || (score === own && i < target)) rank++;
  }
  return rank;
}

/** Counts right answers, of each class too. */
export class Accuracy {
  private examples = 0;
  /** How often the right class had this place. */
  private readonly ranks: Float64Array;
  private readonly right: Float64Array;
  private readonly support: Float64Array;

  /** @param classes of the model. @param mostRank the longest list of first places that is asked for. */
  constructor(
    private readonly classes: number,
    mostRank = 5,
  ) {
    this.ranks = new Float64Array(mostRank);
    this.right = new Float64Array(classes);
    this.support = new Float64Array(classes);
  }

  /** @param rank the place of the right class, see {@link rankOf}. */
  add(target: number, rank: number): void {
    this.examples++;
    if (rank < this.ranks.length) countAt(this.ranks, rank);
    countAt(this.support, target);
    if (rank === 0) countAt(this.right, target);
  }

  /** Examples whose class came first. */
  get hits(): number {
    return this.ranks[0] as number;
  }

  /**
   * The share of examples whose class was among the first k.
   * @returns null of no examples, and where all classes always are, which says nothing.
   */
  top(k: number): number | null {
    if (this.examples === 0 || (k > 1 && k >= this.classes)) return null;
    return this.ranks.subarray(0, k).reduce((sum, times) => sum + times, 0) / this.examples;
  }

  /** The mean of the accuracy of each class that has examples: scikit-learn's balanced accuracy. */
  meanPerClass(): number | null {
    let sum = 0;
    let classes = 0;
    this.support.forEach((support, label) => {
      if (support === 0) return;
      sum += (this.right[label] as number) / support;
      classes++;
    });
    return classes === 0 ? null : sum / classes;
  }
}

function countAt(counts: Float64Array, place: number): void {
  counts[place] = (counts[place] as number) + 1;
}
