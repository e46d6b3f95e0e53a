// What a run measured of itself, as curves over its steps.
import type { Chart, Series } from '../../report/page';
import type { ProblemType } from '../data/dataset';
import type { MetricsRow } from '../logs/metrics_file';

/** Points of a curve; more are not told apart. */
const MOST_POINTS = 300;

/** Measures that share an axis. */
interface Panel {
  title: string;
  unit: string;
  range?: [number, number];
  /** By their names in the log. */
  measures: Readonly<Record<string, string>>;
}

const SHARES = { unit: 'share', range: [0, 1] as [number, number] };

const PANELS: Readonly<Record<ProblemType, readonly Panel[]>> = {
  single_label_classification: [
    {
      ...SHARES,
      title: 'Validation',
      measures: {
        accuracy: 'accuracy',
        top5: 'among the best 5',
        balancedAccuracy: 'balanced accuracy',
        macroF1: 'macro F1',
      },
    },
  ],
  multi_label_classification: [
    {
      ...SHARES,
      title: 'Validation',
      measures: {
        meanAveragePrecision: 'mean average precision',
        macroF1: 'macro F1',
        microF1: 'micro F1',
        accuracy: 'all labels right',
      },
    },
  ],
  regression: [
    {
      title: 'Error on the validation',
      unit: 'in the unit of the values',
      measures: { rmse: 'root mean squared error', mae: 'mean absolute error' },
    },
    { title: 'R² on the validation', unit: 'R²', measures: { r2: 'R²' } },
  ],
};

interface Point {
  step: number;
  value: number;
}

/**
 * Curves of a run's log: loss, learning rate and, where there was a validation, its measures.
 * @param problemType says which measures there are.
 */
export async function curvesOf(
  rows: AsyncIterable<MetricsRow> | Iterable<MetricsRow>,
  problemType: ProblemType,
): Promise<Chart[]> {
  const losses: Point[] = [];
  const rates: Point[] = [];
  const evaluations: { step: number; measures: Record<string, unknown> }[] = [];
  for await (const { step, loss, learningRate, evaluation } of rows) {
    if (isNumber(loss)) losses.push({ step, value: loss });
    if (isNumber(learningRate)) rates.push({ step, value: learningRate });
    if (typeof evaluation === 'object' && evaluation !== null)
      evaluations.push({ step, measures: evaluation as Record<string, unknown> });
  }
  const measured = (name: string) =>
    evaluations.flatMap(({ step, measures }) => {
      const value = measures[name];
      return isNumber(value) ? [{ step, value }] : [];
    });
  const each = Math.ceil(losses.length / MOST_POINTS);
  const training = each > 1 ? `training, means of ${each} steps` : 'training';
  const charts = [
    overSteps('Loss', 'loss', { [training]: means(losses, each), validation: measured('loss') }),
    overSteps('Learning rate', 'learning rate', { 'learning rate': evenly(rates) }),
  ];
  for (const { title, unit, range, measures } of PANELS[problemType]) {
    const named = Object.entries(measures).map(([name, words]) => [words, measured(name)]);
    charts.push({ ...overSteps(title, unit, Object.fromEntries(named) as Curves), range });
  }
  return charts.filter(({ series }) => series.length > 0);
}

type Curves = Record<string, Point[]>;

/** Those that have points, over the steps of them all. */
function overSteps(title: string, unit: string, curves: Curves): Chart {
  const some = Object.entries(curves).filter(([, points]) => points.length > 0);
  const steps = new Set(some.flatMap(([, points]) => points.map(({ step }) => step)));
  const labels = [...steps].sort((a, b) => a - b);
  const series = some.map(([name, points]): Series => {
    const values = new Map(points.map(({ step, value }) => [step, Number(value.toPrecision(5))]));
    return { name, values: labels.map((step) => values.get(step) ?? null) };
  });
  return { title, type: 'line', labels, series, unit, labelUnit: 'step', isToScale: true };
}

/** Of so many each, at the last one's step. */
function means(points: readonly Point[], each: number): Point[] {
  const kept: Point[] = [];
  for (let from = 0; from < points.length; from += each) {
    const some = points.slice(from, from + each);
    const value = some.reduce((sum, point) => sum + point.value, 0) / some.length;
    kept.push({ step: (some.at(-1) as Point).step, value });
  }
  return kept;
}

/** As many as a curve has, with the first one and the last one. */
export function evenly<Of>(points: readonly Of[]): Of[] {
  const each = Math.ceil(points.length / MOST_POINTS);
  return points.filter((_, i) => i % each === 0 || i === points.length - 1);
}

const isNumber = (value: unknown): value is number => Number.isFinite(value);
