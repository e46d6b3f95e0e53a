// Whether a classifier is right as often as its scores say.

/**
 * Examples whose best score is in (low, high], as Guo et al. have it; a score of 0 is in the first bin.
 * @category Training
 */
export interface CalibrationBin {
  /** Above this score, not included. */
  low: number;
  /** Up to this score, included. */
  high: number;
  /** How many. */
  count: number;
  /** Mean of the best scores; null of no examples. */
  confidence: number | null;
  /** The share of right answers; null of no examples. */
  accuracy: number | null;
}

/**
 * How far scores can be trusted: an example of a score of 0.8 should be right four times of five.
 * @category Training
 */
export interface CalibrationResult {
  /**
   * Expected calibration error: how far accuracy and confidence are apart, over all bins by their
   * examples (Guo et al., "On Calibration of Modern Neural Networks", 2017, arXiv 1706.04599, equation 5).
   */
  ece: number | null;
  /** The mean over examples of the squared distance between scores and truth, summed over classes: 0 to 2 (Brier, 1950). */
  brier: number | null;
  /** Of a reliability diagram. */
  bins: CalibrationBin[];
}

/** Guo et al.'s. */
const BINS = 15;
/** scikit-learn's log_loss takes no probability to be nearer to 0 or 1. */
const LEAST = Number.EPSILON;

export class Calibration {
  private examples = 0;
  private brier = 0;
  private readonly bins = Array.from({ length: BINS }, () => ({ count: 0, scores: 0, right: 0 }));

  /** @param score the best one. @param brier of {@link brierOf}. */
  add(score: number, isRight: boolean, brier: number): void {
    const bin = this.bins[binOf(score)] as (typeof this.bins)[number];
    bin.count++;
    bin.scores += score;
    if (isRight) bin.right++;
    this.brier += brier;
    this.examples++;
  }

  result(): CalibrationResult {
    const { examples } = this;
    const apart = this.bins.reduce((sum, { scores, right }) => sum + Math.abs(right - scores), 0);
    return {
      ece: examples === 0 ? null : apart / examples,
      brier: examples === 0 ? null : this.brier / examples,
      bins: this.bins.map(({ count, scores, right }, i) => ({
        low: i / BINS,
        high: (i + 1) / BINS,
        count,
        confidence: count === 0 ? null : scores / count,
        accuracy: count === 0 ? null : right / count,
      })),
    };
  }
}

/** An edge belongs to the bin below it. */
function binOf(score: number): number {
  let bin = 0;
  while (bin < BINS - 1 && score > (bin + 1) / BINS) bin++;
  return bin;
}

/**
 * Brier's score of one example: the squared distance of the probabilities from the truth, summed over
 * all classes, 0 to 2 (scikit-learn's brier_score_loss without scale_by_half).
 */
export function brierOf(scores: ArrayLike<number>, target: number): number {
  let sum = 0;
  for (let i = 0; i < scores.length; i++)
    sum += ((scores[i] as number) - (i === target ? 1 : 0)) ** 2;
  return sum;
}

/** The negative log-likelihood of what is true and had this probability, in nats; at most 36.04. */
export function lossOf(score: number): number {
  return -Math.log(Math.min(Math.max(score, LEAST), 1 - LEAST));
}
