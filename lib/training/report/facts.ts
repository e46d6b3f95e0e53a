// What a report says first: of the data, of the recipe, of how good the model is.
import type { Page } from '../../report/page';
import { imbalance, type ClassCount } from '../data/balance';
import type { EvaluationResult } from '../evaluation/evaluation';
import type { Interval } from '../evaluation/interval';
import type { RunSettings } from '../prepare';
import { counted, digits, percent, whole } from './numbers';

type Facts = Page['facts'];

/** How good a model is, in the measures that say most. */
export function measureFacts(result: EvaluationResult): Facts {
  const loss: Facts = [['Loss', `${digits(result.loss)}${within(result.lossInterval, digits)}`]];
  switch (result.problemType) {
    case 'single_label_classification':
      return [
        ['Accuracy', `${percent(result.accuracy)}${within(result.interval, percent)}`],
        ...(result.top5 === null
          ? []
          : ([['Among the best 5', percent(result.top5)]] satisfies Facts)),
        ['Balanced accuracy', percent(result.balancedAccuracy)],
        ['Macro F1', percent(result.macroF1)],
        ...loss,
        ['Calibration error', percent(result.calibration.ece)],
        ['Brier score', digits(result.calibration.brier)],
      ];
    case 'multi_label_classification':
      return [
        ['Mean average precision', percent(result.meanAveragePrecision)],
        ['Macro F1, micro F1', `${percent(result.macroF1)}, ${percent(result.microF1)}`],
        ['All labels right', `${percent(result.accuracy)}${within(result.interval, percent)}`],
        ...loss,
      ];
    case 'regression':
      return [
        ['Mean absolute error', `${digits(result.mae)}${within(result.interval, digits)}`],
        ['Root mean squared error', digits(result.rmse)],
        ['R²', digits(result.r2)],
        ...loss,
      ];
  }
}

const within = (interval: Interval | null, inWords: (value: number) => string) =>
  interval === null ? '' : ` (95 %: ${inWords(interval[0])} to ${inWords(interval[1])})`;

/** How many examples of how many classes, and how far from as many of each. @param classes none of a regression. */
export function dataFacts(examples: number, classes: readonly ClassCount[]): Facts {
  const all = counted(examples, 'example');
  if (classes.length === 0) return [['Learned from', all]];
  return [
    ['Learned from', `${all} of ${whole(classes.length)} classes`],
    ['Balance', balanceInWords(classes)],
  ];
}

function balanceInWords(classes: readonly ClassCount[]): string {
  const sorted = [...classes].sort((a, b) => a.count - b.count);
  const [least, most] = [sorted[0], sorted.at(-1)] as [ClassCount, ClassCount];
  const ratio = imbalance(classes);
  if (ratio === 1) return `${whole(most.count)} of each class`;
  const times = Number.isFinite(ratio) ? `, ${digits(ratio)} times as many` : '';
  return `${whole(least.count)} of ${least.label} to ${whole(most.count)} of ${most.label}${times}`;
}

/** The numbers of a run. */
export function recipeFacts(settings: RunSettings): Facts {
  const { batchSize, learningRate, schedule, mixup, resize, crop, flip, momentum } = settings;
  const { weightDecay, dropPathRate, dtype, seed } = settings;
  const rate = `${digits(learningRate)} at most, changed at steps ${schedule.join(', ')}`;
  const others = [
    `batches of ${batchSize}`,
    `resized to ${resize} and cropped to ${crop} pixels`,
    `mirrored with probability ${digits(flip)}`,
    mixup === 0 ? 'no MixUp' : `MixUp ${digits(mixup)}`,
    `momentum ${digits(momentum)}`,
    ...(weightDecay === 0 ? [] : [`weight decay ${digits(weightDecay)}`]),
    ...(dropPathRate === 0 ? [] : [`drop path ${digits(dropPathRate)}`]),
    ...(dtype === 'float32' ? [] : [dtype]),
    `seed ${seed}`,
  ];
  return [
    ['Learning rate', rate],
    ['Recipe', others.join(', ')],
  ];
}
