// What scikit-learn measures, as test/reference/make_evaluation.py has written it down.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

type Numbers = (number | null)[];

interface Common {
  loss: number;
  loss_interval: [number, number] | null;
}

interface ClassNumbers {
  precision: Numbers;
  recall: Numbers;
  f1: Numbers;
  support: number[];
}

/** Scores are `counts` / `parts`. */
interface Counted {
  counts: number[][];
  parts: number;
}

export interface SingleLabelCase extends Common, ClassNumbers, Counted {
  target: number[];
  accuracy: number;
  top5: number | null;
  balanced_accuracy: number;
  macro_f1: number;
  confusion: number[][];
  brier: number;
  ece: number;
  bins: { count: number; confidence: number | null; accuracy: number | null }[];
}

export interface MultiLabelCase extends Common, ClassNumbers, Counted {
  target: number[][];
  accuracy: number;
  micro_f1: number;
  macro_f1: number;
  average_precision: Numbers;
  mean_average_precision: number;
}

export interface RegressionCase extends Common {
  target: number[][];
  predicted: number[][];
  mae: number;
  interval: [number, number];
  rmse: number;
  r2: number;
  per_value: { mae: number[]; rmse: number[]; r2: Numbers };
}

export const MEASURED = JSON.parse(
  readFileSync(join(__dirname, '..', 'reference', 'evaluation.json'), 'utf8'),
) as {
  single_label: Record<string, SingleLabelCase>;
  multi_label: MultiLabelCase;
  regression: RegressionCase;
};

export const scoresOf = ({ counts, parts }: Counted, example: number) =>
  Float32Array.from(counts[example] as number[], (count) => count / parts);

/** `LABEL_0`, `LABEL_1`, … */
export const labels = (count: number) => Array.from({ length: count }, (_, i) => `LABEL_${i}`);

/** The same structure, of numbers that may differ by rounding. */
export function close(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? value : expect.closeTo(value, 11);
  if (Array.isArray(value)) return value.map(close);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, close(each)]));
}
