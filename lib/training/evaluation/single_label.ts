// Measures of examples that have one class each.
import { invalid } from '../../errors';
import { Accuracy, bestOf, rankOf } from './accuracy';
import { brierOf, Calibration, lossOf, type CalibrationResult } from './calibration';
import {
  Confusion,
  type ClassMeasures,
  type ConfusionCounts,
  type ConfusedPair,
} from './confusion';
import { Mean, meanOf, wilsonInterval, type Interval } from './interval';
import { Worst } from './mistakes';
import type { Measured, Scored } from './scored';

/**
 * An example that was taken for another class.
 * @category Training
 */
export interface SingleLabelMistake {
  /** What the example is called. */
  path: string;
  /** What it is. */
  target: string;
  /** What it was taken for. */
  predicted: string;
  /** Of the class that was predicted. */
  score: number;
}

/**
 * What is 0 / 0 is null.
 * @category Training
 */
export interface SingleLabelResult {
  /** How targets are taken. */
  problemType: 'single_label_classification';
  /** How many were measured. */
  examples: number;
  /** The share of examples whose class had the best score. */
  accuracy: number | null;
  /** Of the accuracy: Wilson's score interval, 95 %. */
  interval: Interval | null;
  /** The share of examples whose class was among the best five; null of five classes or fewer. */
  top5: number | null;
  /** The mean of the accuracy of each class that has examples. */
  balancedAccuracy: number | null;
  /** The mean of the classes' F1. */
  macroF1: number | null;
  /** Mean negative log-likelihood (cross entropy), in nats. */
  loss: number | null;
  /** Of the loss, 95 %, by the normal distribution. */
  lossInterval: Interval | null;
  /** In the order of id2label. */
  perClass: ClassMeasures[];
  /** Which classes were taken for which. */
  confusion: ConfusionCounts;
  /** The most frequent ones. */
  confusions: ConfusedPair[];
  /** How far scores can be trusted. */
  calibration: CalibrationResult;
  /** Those with the highest scores. */
  mistakes: SingleLabelMistake[];
}

export class SingleLabel implements Measured<SingleLabelResult> {
  private examples = 0;
  private readonly accuracy: Accuracy;
  private readonly confusion: Confusion;
  private readonly calibration = new Calibration();
  private readonly loss = new Mean();
  private readonly worst: Worst<SingleLabelMistake>;

  constructor(
    private readonly labels: readonly string[],
    mostMistakes?: number,
  ) {
    this.accuracy = new Accuracy(labels.length);
    this.confusion = new Confusion(labels);
    this.worst = new Worst(mostMistakes);
  }

  add({ path, target, scores }: Scored): void {
    const { labels } = this;
    if (!isClass(target, labels.length)) {
      const expected = `the number of a class, 0 to ${labels.length - 1},`;
      throw invalid('ERR_BIT_SHAPE', `the target of ${path}`, expected, target);
    }
    const predicted = bestOf(scores);
    const score = scores[predicted] as number;
    this.examples++;
    this.accuracy.add(target, rankOf(scores, target));
    this.confusion.add(target, predicted);
    this.calibration.add(score, predicted === target, brierOf(scores, target));
    this.loss.add(lossOf(scores[target] as number));
    if (predicted === target) return;
    const mistake = { target: labels[target] as string, predicted: labels[predicted] as string };
    this.worst.add(score, { path, ...mistake, score });
  }

  result(): SingleLabelResult {
    const { examples, accuracy, confusion } = this;
    const perClass = confusion.perClass();
    return {
      problemType: 'single_label_classification',
      examples,
      accuracy: accuracy.top(1),
      interval: wilsonInterval(accuracy.hits, examples),
      top5: accuracy.top(5),
      balancedAccuracy: accuracy.meanPerClass(),
      macroF1: meanOf(perClass.map(({ f1 }) => f1)),
      loss: this.loss.value,
      lossInterval: this.loss.interval(),
      perClass,
      confusion: confusion.counted(),
      confusions: confusion.mostFrequent(),
      calibration: this.calibration.result(),
      mistakes: this.worst.list,
    };
  }
}

const isClass = (target: unknown, classes: number): target is number =>
  Number.isInteger(target) && (target as number) >= 0 && (target as number) < classes;
