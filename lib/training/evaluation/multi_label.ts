// Measures of examples that have any number of labels each.
import { invalid } from '../../errors';
import { AveragePrecision } from './average_precision';
import { lossOf } from './calibration';
import { measuresOf, type ClassMeasures, type Sums } from './confusion';
import { Mean, meanOf, wilsonInterval, type Interval } from './interval';
import { Worst } from './mistakes';
import type { Measured, Scored } from './scored';

/**
 * Of one label; what is 0 / 0 is null.
 * @category Training
 */
export interface LabelMeasures extends ClassMeasures {
  /** Over all thresholds; null where no example has the label. */
  averagePrecision: number | null;
}

/**
 * An example that was given a label that it has not.
 * @category Training
 */
export interface MultiLabelMistake {
  /** What the example is called. */
  path: string;
  /** Those that it has. */
  target: string[];
  /** The one with the highest score of those that it has not. */
  predicted: string;
  /** The probability that it was given. */
  score: number;
}

/**
 * A label is predicted where its score is above 0.5. What is 0 / 0 is null.
 * @category Training
 */
export interface MultiLabelResult {
  /** How targets are taken. */
  problemType: 'multi_label_classification';
  /** How many were measured. */
  examples: number;
  /** The share of examples all of whose labels are right (subset accuracy). */
  accuracy: number | null;
  /** Of the accuracy: Wilson's score interval, 95 %. */
  interval: Interval | null;
  /** The mean of the labels' average precision (mAP), of those that some example has. */
  meanAveragePrecision: number | null;
  /** F1 of all decisions together. */
  microF1: number | null;
  /** The mean of the labels' F1. */
  macroF1: number | null;
  /** Mean binary cross entropy of all labels, in nats. */
  loss: number | null;
  /** Of the loss, 95 %, by the normal distribution. */
  lossInterval: Interval | null;
  /** In the order of id2label. */
  perClass: LabelMeasures[];
  /** Those with the highest scores. */
  mistakes: MultiLabelMistake[];
}

const THRESHOLD = 0.5;

interface LabelCounts extends Sums {
  precision: AveragePrecision;
}

export class MultiLabel implements Measured<MultiLabelResult> {
  private examples = 0;
  private hits = 0;
  private readonly counts: LabelCounts[];
  private readonly loss = new Mean();
  private readonly worst: Worst<MultiLabelMistake>;

  constructor(
    private readonly labels: readonly string[],
    mostMistakes?: number,
  ) {
    this.worst = new Worst(mostMistakes);
    this.counts = labels.map(() => ({
      ...{ right: 0, predicted: 0, support: 0 },
      precision: new AveragePrecision(),
    }));
  }

  add({ path, target, scores }: Scored): void {
    const width = this.labels.length;
    if (!areDecisions(target, width))
      throw invalid(
        'ERR_BIT_SHAPE',
        `the target of ${path}`,
        `a list of ${width} ones or zeros`,
        target,
      );
    let loss = 0;
    let isRight = true;
    target.forEach((isSo, i) => {
      const score = scores[i] as number;
      loss += lossOf(isSo === 1 ? score : 1 - score);
      isRight &&= score > THRESHOLD === (isSo === 1);
      count(this.counts[i] as LabelCounts, score, isSo);
    });
    this.examples++;
    if (isRight) this.hits++;
    this.loss.add(loss / width);
    this.addMistake(path, target, scores);
  }

  private addMistake(path: string, target: readonly number[], scores: ArrayLike<number>): void {
    let wrong = -1;
    let highest = THRESHOLD;
    target.forEach((isSo, i) => {
      const score = scores[i] as number;
      if (isSo === 0 && score > highest) [wrong, highest] = [i, score];
    });
    if (wrong < 0) return;
    const has = this.labels.filter((_, i) => target[i] === 1);
    this.worst.add(highest, {
      path,
      target: has,
      predicted: this.labels[wrong] as string,
      score: highest,
    });
  }

  result(): MultiLabelResult {
    const { examples, hits, counts } = this;
    const perClass = this.labels.map((label, i) => {
      const own = counts[i] as LabelCounts;
      return { label, ...measuresOf(own), averagePrecision: own.precision.value() };
    });
    const sum = (of: keyof Sums) => counts.reduce((all, each) => all + each[of], 0);
    return {
      problemType: 'multi_label_classification',
      examples,
      accuracy: examples === 0 ? null : hits / examples,
      interval: wilsonInterval(hits, examples),
      meanAveragePrecision: meanOf(perClass.map(({ averagePrecision }) => averagePrecision)),
      microF1: measuresOf({
        right: sum('right'),
        predicted: sum('predicted'),
        support: sum('support'),
      }).f1,
      macroF1: meanOf(perClass.map(({ f1 }) => f1)),
      loss: this.loss.value,
      lossInterval: this.loss.interval(),
      perClass,
      mistakes: this.worst.list,
    };
  }
}

function count(counts: LabelCounts, score: number, isSo: number): void {
  counts.support += isSo;
  counts.precision.add(score, isSo === 1);
  if (score <= THRESHOLD) return;
  counts.predicted++;
  counts.right += isSo;
}

const areDecisions = (target: unknown, width: number): target is readonly number[] =>
  Array.isArray(target) &&
  target.length === width &&
  target.every((each: unknown) => each === 0 || each === 1);
