// What is measured of a network, from examples that come one at a time.
import { invalid } from '../../errors';
import type { ProblemType } from '../data/dataset';
import { MultiLabel, type MultiLabelResult } from './multi_label';
import { Regression, type RegressionResult } from './regression';
import type { Measured, Scored } from './scored';
import { SingleLabel, type SingleLabelResult } from './single_label';

/**
 * Measures by the names that scikit-learn gives them, as plain JSON; `problemType` says which there are.
 * @category Training
 */
export type EvaluationResult = SingleLabelResult | MultiLabelResult | RegressionResult;

type Results = { [Type in ProblemType]: Extract<EvaluationResult, { problemType: Type }> };
type Measure<Type extends ProblemType> = new (
  labels: readonly string[],
  mostMistakes?: number,
) => Measured<Results[Type]>;

const MEASURES: { readonly [Type in ProblemType]: Measure<Type> } = {
  single_label_classification: SingleLabel,
  multi_label_classification: MultiLabel,
  regression: Regression,
};

/**
 * Memory stays the same however many examples there are, but for several labels: their average
 * precision needs every score.
 */
export class Evaluation<Type extends ProblemType = ProblemType> {
  private readonly measured: Measured<Results[Type]>;

  /**
   * @param labels of the classes or values, in the order of id2label.
   * @param mostMistakes how many of the worst mistakes are kept, 50 unless given.
   */
  constructor(
    private readonly problemType: Type,
    private readonly labels: readonly string[],
    { mostMistakes }: { mostMistakes?: number } = {},
  ) {
    this.measured = new MEASURES[problemType](labels, mostMistakes);
  }

  /**
   * Counts one example.
   * @throws BitError ERR_BIT_SHAPE for scores or a target that do not fit; nothing is counted then.
   */
  add(example: Scored): void {
    this.expectScores(example);
    this.measured.add(example);
  }

  /** Of all examples so far; more may follow. */
  result(): Results[Type] {
    return this.measured.result();
  }

  private expectScores({ path, scores }: Scored): void {
    const width = this.labels.length;
    const name = `the scores of ${path}`;
    if (scores.length !== width) throw invalid('ERR_BIT_SHAPE', name, `${width} numbers`, scores);
    const isRegression = this.problemType === 'regression';
    for (let i = 0; i < width; i++) {
      const score = scores[i] as number;
      if (Number.isFinite(score) && (isRegression || (score >= 0 && score <= 1))) continue;
      const expected = isRegression ? 'finite numbers' : 'probabilities, 0 to 1,';
      throw invalid('ERR_BIT_SHAPE', name, expected, score);
    }
  }
}
