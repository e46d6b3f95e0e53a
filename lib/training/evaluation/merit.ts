// Which of two models is the better one.
import type { EvaluationResult } from './evaluation';

/** By accuracy, mean average precision, or less error; where these are equal, by less loss. */
export function isBetter(result: EvaluationResult, than: EvaluationResult): boolean {
  const [own, other] = [meritOf(result), meritOf(than)];
  return own === other ? (result.loss ?? Infinity) < (than.loss ?? Infinity) : own > other;
}

/** More is better; -Infinity where nothing was measured. */
function meritOf(result: EvaluationResult): number {
  switch (result.problemType) {
    case 'single_label_classification':
      return result.accuracy ?? -Infinity;
    case 'multi_label_classification':
      return result.meanAveragePrecision ?? -Infinity;
    case 'regression':
      return result.rmse === null ? -Infinity : -result.rmse;
  }
}
