// Whether a classifier is right as often as it says, as charts.
import type { Chart } from '../../report/page';
import type { CalibrationResult } from '../evaluation/calibration';
import { percent } from './numbers';

/** Guo et al.'s reliability diagram, and how many examples each of its bars is of. */
export function reliabilityCharts({ bins, ece }: CalibrationResult): Chart[] {
  const labels = bins.map(({ low, high }) => Math.round(50 * (low + high)));
  const rounded = (value: number | null) => (value === null ? null : Number(value.toPrecision(4)));
  // Of an empty bin its middle: the line goes on.
  const said = bins.map(({ confidence, low, high }) => rounded(confidence ?? (low + high) / 2));
  const common = { type: 'bar', labels, labelUnit: 'score of the best class, %' } as const;
  return [
    {
      ...common,
      title: `Calibration: expected error ${percent(ece)}`,
      series: [
        { name: 'right', values: bins.map(({ accuracy }) => rounded(accuracy)) },
        { name: 'right as often as it says', type: 'line', isGuide: true, values: said },
      ],
      unit: 'share that is right',
      range: [0, 1],
    },
    {
      ...common,
      title: 'How sure it is',
      series: [{ name: 'examples', values: bins.map(({ count }) => count) }],
      unit: 'examples',
    },
  ];
}
