// What is kept of the rows of a part beside themselves: for reports, which never read them again.
import { shorten } from '../../describe';
import type { BatchRow } from '../row';

/** Of a part, or added up over several. */
export interface Tally {
  /** Rows by the best label. */
  labels: Record<string, number>;
  /** Rows by the score of that label: so many between i/20 and (i + 1)/20, the last one with 1. */
  scores: number[];
  /** Rows with an error, by what was wrong. */
  reasons: Record<string, number>;
  /** A few rows with results, drawn evenly, and the first ones with errors. */
  samples: Sample[];
}

export interface Sample {
  path: string;
  label?: string;
  score?: number;
  problem?: string;
}

export const SCORE_BINS = 20;
/** Of one part. */
const MOST_RESULTS = 4;
const MOST_PROBLEMS = 4;
/** Distinct reasons; further ones count together. */
const MOST_REASONS = 50;
const OTHERS = 'other reasons';
/** Long enough to tell them apart. */
const REASON_LENGTH = 120;

/** Counts the rows of a part. */
export class TallyCounter {
  readonly tally: Tally = emptyTally();
  private results = 0;
  private problems = 0;

  add({ path, predictions, error }: BatchRow): void {
    if (error) this.addProblem(path, error.message);
    else this.addResult(path, predictions?.[0]);
  }

  private addProblem(path: string, message: string): void {
    const { reasons, samples } = this.tally;
    const reason = shorten(message, REASON_LENGTH);
    const isKnown = Object.hasOwn(reasons, reason) || Object.keys(reasons).length < MOST_REASONS;
    count(reasons, isKnown ? reason : OTHERS);
    if (this.problems++ < MOST_PROBLEMS) samples.push({ path, problem: reason });
  }

  private addResult(path: string, best: { label: string; score: number } | undefined): void {
    const { labels, scores, samples } = this.tally;
    if (best) {
      count(labels, best.label);
      const bin = Math.min(Math.floor(best.score * SCORE_BINS), SCORE_BINS - 1);
      if (bin >= 0) scores[bin] = (scores[bin] as number) + 1;
    }
    // Reservoir sampling (Vitter, 1985): every row is as likely to stay as any other.
    const results = samples.filter(({ problem }) => problem === undefined);
    const place = Math.floor(Math.random() * ++this.results);
    const sample = { path, ...best };
    if (results.length < MOST_RESULTS) samples.push(sample);
    else if (place < MOST_RESULTS) samples[samples.indexOf(results[place] as Sample)] = sample;
  }
}

export function emptyTally(): Tally {
  return { labels: {}, scores: Array<number>(SCORE_BINS).fill(0), reasons: {}, samples: [] };
}

/** All of them together. */
export function addUp(tallies: Tally[]): Tally {
  const sum = emptyTally();
  for (const { labels, scores, reasons, samples } of tallies) {
    for (const [label, times] of Object.entries(labels)) count(sum.labels, label, times);
    for (const [reason, times] of Object.entries(reasons)) count(sum.reasons, reason, times);
    scores.forEach((times, bin) => (sum.scores[bin] = (sum.scores[bin] as number) + times));
    sum.samples.push(...samples);
  }
  return sum;
}

/** A label may be called anything, `__proto__` too. */
function count(counts: Record<string, number>, name: string, times = 1): void {
  const known = Object.hasOwn(counts, name) ? (counts[name] as number) : 0;
  Object.defineProperty(counts, name, {
    value: known + times,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}
