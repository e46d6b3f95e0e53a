// How strongly weights are held to zero: each strength is tried from the strongest on, and what tells unseen examples best
// is taken.

/** From the strongest to the weakest, two to a power of ten; times half the squared weights, beside the mean loss. */
export const STRENGTHS: readonly number[] = Array.from({ length: 17 }, (_, i) =>
  Number((10 ** (2 - i / 2)).toPrecision(6)),
);
/** Where there are too few examples to choose by. */
export const DEFAULT_STRENGTH = 1;
/** Loss has one valley: after so many strengths that are no better than the best, it is behind. */
const PATIENCE = 2;

/**
 * What a strength comes to on examples that were left out.
 * @category Training
 */
export interface StrengthScore {
  /** Of L2 regularisation. */
  strength: number;
  /** The mean loss, as an evaluation has it. */
  loss: number;
  /** The share of those that were told right; null unless each has one class. */
  accuracy: number | null;
}

/** The one with the least loss; of equal ones the strongest. Null of none. */
export function bestOf(scores: readonly StrengthScore[]): StrengthScore | null {
  const first = scores[0] ?? null;
  return scores.reduce((best, each) => (best && each.loss < best.loss ? each : best), first);
}

/** Whether weaker ones cannot be better any more. */
export function isBehind(scores: readonly StrengthScore[]): boolean {
  const best = bestOf(scores);
  return best !== null && scores.length - 1 - scores.indexOf(best) >= PATIENCE;
}
