// Measures of examples that have values instead of classes.
import { invalid } from '../../errors';
import { Mean, meanOf, type Interval } from './interval';
import { Worst } from './mistakes';
import type { Measured, Scored } from './scored';

/**
 * Of one value, in its own unit; null of no examples.
 * @category Training
 */
export interface ValueMeasures {
  /** Its name. */
  label: string;
  /** Mean absolute error. */
  mae: number | null;
  /** Root of the mean squared error. */
  rmse: number | null;
  /** How much of the targets' variance is explained, 1 at most; null where they do not vary. */
  r2: number | null;
}

/**
 * An example that is far off.
 * @category Training
 */
export interface RegressionMistake {
  /** What the example is called. */
  path: string;
  /** What it is. */
  target: number[];
  /** What it was taken for. */
  predicted: number[];
  /** Mean absolute error of its values. */
  error: number;
}

/**
 * What is 0 / 0 is null.
 * @category Training
 */
export interface RegressionResult {
  /** How targets are taken. */
  problemType: 'regression';
  /** How many were measured. */
  examples: number;
  /** Mean absolute error of all values. */
  mae: number | null;
  /** Of that, 95 %, by the normal distribution. */
  interval: Interval | null;
  /** The mean of the values' ones, as scikit-learn has it. */
  rmse: number | null;
  /** The mean of the values' ones. */
  r2: number | null;
  /** Mean squared error. */
  loss: number | null;
  /** Of the loss, 95 %, by the normal distribution. */
  lossInterval: Interval | null;
  /** In the order of id2label. */
  perValue: ValueMeasures[];
  /** Those with the largest errors. */
  mistakes: RegressionMistake[];
}

export class Regression implements Measured<RegressionResult> {
  private examples = 0;
  private readonly mae = new Mean();
  private readonly loss = new Mean();
  private readonly values: { absolute: Mean; squared: Mean; targets: Mean }[];
  private readonly worst: Worst<RegressionMistake>;

  constructor(
    private readonly labels: readonly string[],
    mostMistakes?: number,
  ) {
    this.worst = new Worst(mostMistakes);
    this.values = labels.map(() => ({
      absolute: new Mean(),
      squared: new Mean(),
      targets: new Mean(),
    }));
  }

  add({ path, target: given, scores }: Scored): void {
    const { values } = this;
    const target: readonly unknown[] = Array.isArray(given) ? given : [given];
    if (!areValues(target, values.length)) {
      const expected = `${values.length === 1 ? 'a finite number' : `a list of ${values.length} finite numbers`}`;
      throw invalid('ERR_BIT_SHAPE', `the target of ${path}`, expected, given);
    }
    let absolute = 0;
    let squared = 0;
    values.forEach((value, i) => {
      const wanted = target[i] as number;
      const error = (scores[i] as number) - wanted;
      absolute += Math.abs(error);
      squared += error ** 2;
      value.absolute.add(Math.abs(error));
      value.squared.add(error ** 2);
      value.targets.add(wanted);
    });
    this.examples++;
    const error = absolute / values.length;
    this.mae.add(error);
    this.loss.add(squared / values.length);
    if (error > 0)
      this.worst.add(error, { path, target: [...target], predicted: Array.from(scores), error });
  }

  result(): RegressionResult {
    const { examples } = this;
    const perValue = this.labels.map((label, i) => {
      const { absolute, squared, targets } = this.values[i] as (typeof this.values)[number];
      const mse = squared.value;
      return {
        label,
        mae: absolute.value,
        rmse: mse === null ? null : Math.sqrt(mse),
        r2: mse === null || targets.spread === 0 ? null : 1 - (mse * examples) / targets.spread,
      };
    });
    return {
      problemType: 'regression',
      examples,
      mae: this.mae.value,
      interval: this.mae.interval(),
      rmse: meanOf(perValue.map(({ rmse }) => rmse)),
      r2: meanOf(perValue.map(({ r2 }) => r2)),
      loss: this.loss.value,
      lossInterval: this.loss.interval(),
      perValue,
      mistakes: this.worst.list,
    };
  }
}

const areValues = (target: readonly unknown[], width: number): target is readonly number[] =>
  target.length === width && target.every((each) => Number.isFinite(each));
