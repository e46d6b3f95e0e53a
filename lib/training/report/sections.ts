// What was measured, as charts and sections of a page.
import type { Chart, Page } from '../../report/page';
import { imbalance, type ClassCount } from '../data/balance';
import type { DatasetProblem, Example } from '../data/dataset';
import type { EvaluationResult } from '../evaluation/evaluation';
import type { Evaluated } from '../evaluation/run';
import type { SingleLabelResult } from '../evaluation/single_label';
import { CONFUSION_STYLE, confusionTable } from './confusion_table';
import { evenly } from './curves';
import { measuresTable } from './measures_table';
import { MISTAKES_STYLE, mistakesOf, type MistakeOptions } from './mistakes';
import { problemsTable } from './problems_table';
import { reliabilityCharts } from './reliability';
import { counted, whole } from './numbers';

/** Of a chart. */
const MOST_BARS = 20;
/** Of a bar's label. */
const MOST_LETTERS = 24;

const TABLES_STYLE = `
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
th.number { white-space: normal; overflow-wrap: normal } h3 { font-size: 1rem }
.wide { overflow-x: auto } .wide td:not(.number) { min-width: 5rem }
@media (max-width: 40rem) { .wide td:not(.number) { max-width: 9rem; overflow-wrap: break-word } }
`;

const BALANCE = 'Examples to learn from';

/** Of sections. */
export const STYLE = `${TABLES_STYLE}${CONFUSION_STYLE}${MISTAKES_STYLE}`;

type Sections = Page['sections'];

/** A classifier that was measured on examples. */
export interface Measured {
  result: EvaluationResult;
  examples: readonly Example[];
  evaluated: Evaluated;
}

/**
 * @param learned examples of each class to learn from; empty where that is not known.
 * @throws the signal's reason.
 */
export async function measureSections(
  { result, examples, evaluated }: Measured,
  learned: readonly ClassCount[],
  options: MistakeOptions,
): Promise<Sections> {
  if (result.examples === 0) return [];
  const sections: Sections = [];
  if (result.problemType === 'single_label_classification')
    sections.push({ title: confusionTitle(result), body: confusionTable(result) });
  sections.push({ title: TABLE_TITLES[result.problemType], body: measuresTable(result, learned) });
  const mistakes = await mistakesOf(result, examples, evaluated, options);
  if (mistakes) sections.push({ title: 'The worst mistakes', body: mistakes });
  return sections;
}

const confusionTitle = ({ confusion }: SingleLabelResult) =>
  confusion.matrix ? 'Confusion matrix' : 'Confused classes';

const TABLE_TITLES: Readonly<Record<EvaluationResult['problemType'], string>> = {
  single_label_classification: 'Classes, the worst first',
  multi_label_classification: 'Labels, the worst first',
  regression: 'Values, the worst first',
};

export function problemSections(problems: readonly DatasetProblem[]): Sections {
  if (problems.length === 0) return [];
  const title = `Left out: ${counted(problems.length, 'example')}`;
  return [{ title, body: problemsTable(problems) }];
}

/** None but for classes. */
export function measureCharts(result: EvaluationResult): Chart[] {
  if (result.problemType !== 'single_label_classification' || result.examples === 0) return [];
  return reliabilityCharts(result.calibration);
}

/** How many examples of each class there are; of many classes how that falls from the largest to the smallest one. */
export function balanceCharts(classes: readonly ClassCount[]): Chart[] {
  if (classes.length === 0) return [];
  if (classes.length > MOST_BARS) return imbalance(classes) === 1 ? [] : [fallOf(classes)];
  const name = (label: string) =>
    label.length > MOST_LETTERS ? `${label.slice(0, MOST_LETTERS)}…` : label;
  return [
    {
      title: BALANCE,
      type: 'bar',
      labels: classes.map(({ label }) => name(label)),
      series: [{ name: 'examples', values: classes.map(({ count }) => count) }],
      unit: 'examples',
      isHorizontal: true,
    },
  ];
}

function fallOf(classes: readonly ClassCount[]): Chart {
  const counts = classes.map(({ count }) => count).sort((a, b) => b - a);
  const points = evenly(counts.map((count, at) => ({ count, rank: at + 1 })));
  return {
    title: `${BALANCE} of each of ${whole(classes.length)} classes`,
    type: 'line',
    labels: points.map(({ rank }) => rank),
    series: [{ name: 'examples', values: points.map(({ count }) => count) }],
    unit: 'examples',
    labelUnit: 'class, the largest first',
    isToScale: true,
  };
}
