// Pages of a run and of an evaluation: how it went, how good the model is, what it takes for what.
import { join } from 'node:path';
import { render, type Page } from '../../report/page';
import { BitForImageClassification } from '../../models/bit_for_image_classification';
import { countsByClass, type ClassCount } from '../data/balance';
import type { Dataset, DatasetProblem } from '../data/dataset';
import type { EvaluationResult } from '../evaluation/evaluation';
import { readRunLog } from '../logs/run_log';
import type { Preparation } from '../prepare';
import type { FineTuneResult } from '../run';
import { curvesOf } from './curves';
import { dataFacts, measureFacts, recipeFacts } from './facts';
import type { MistakeOptions } from './mistakes';
import { counted, whole } from './numbers';
import { writePage } from './page_file';
import {
  balanceCharts,
  measureCharts,
  measureSections,
  problemSections,
  STYLE,
  type Measured,
} from './sections';

/** In the folder of a run. */
const LOGS = 'training';
const REPORT = join(LOGS, 'report.html');

/** A run that has come to its end. */
export interface FinishedRun {
  /** What it began from. */
  source: string;
  preparation: Preparation;
  /** What was learned from. */
  learned: Dataset;
  result: Omit<FineTuneResult, 'report'>;
}

/**
 * Writes `training/report.html` of a run's folder, with the pictures of the mistakes that its model makes.
 * @returns its path.
 * @throws BitError ERR_BIT_OUTPUT where it cannot be written; the signal's reason.
 */
export async function writeRunReport(
  run: FinishedRun,
  options: MistakeOptions & { threads?: number },
): Promise<string> {
  const path = join(run.result.output, REPORT);
  await writePage(path, await runReport(run, options));
  return path;
}

async function runReport(
  run: FinishedRun,
  options: MistakeOptions & { threads?: number },
): Promise<string> {
  const { learned, result } = run;
  const { evaluation, output, problems } = result;
  const classes = countsByClass(learned);
  const curves = await curvesOf(readRunLog(join(output, LOGS)), learned.problemType);
  return render({
    title: `Fine-tuning of ${output}`,
    facts: [
      ...dataFacts(learned.examples.length, classes),
      ...(evaluation ? validationFacts(evaluation) : []),
      ...startFacts(run),
    ],
    charts: [
      ...curves,
      ...(evaluation ? measureCharts(evaluation) : []),
      ...balanceCharts(classes),
    ],
    sections: [...(await validationSections(run, classes, options)), ...problemSections(problems)],
    style: STYLE,
  });
}

const validationFacts = (evaluation: EvaluationResult): Page['facts'] => [
  ['Validated on', counted(evaluation.examples, 'example')],
  ...measureFacts(evaluation),
];

function startFacts({ source, preparation, result }: FinishedRun): Page['facts'] {
  const { files, settings } = preparation;
  const { steps, bestStep } = result;
  const best = bestStep === steps ? '' : `; the model is the best one, of step ${whole(bestStep)}`;
  return [
    ['Begun from', files.length > 0 ? source : `${source} with random weights`],
    ['Steps', `${whole(steps)}${best}`],
    ...recipeFacts(settings),
  ];
}

/** With the model that the run has left; none without a validation. */
async function validationSections(
  { preparation, result }: FinishedRun,
  classes: readonly ClassCount[],
  options: MistakeOptions & { threads?: number },
): Promise<Page['sections']> {
  const { evaluation, output } = result;
  const { validation, processor } = preparation;
  if (!evaluation || !validation) return [];
  const { threads, signal } = options;
  const model = await BitForImageClassification.fromPretrained(output, { threads, signal });
  try {
    const evaluated = { model, processor };
    const measured = { result: evaluation, examples: validation.examples, evaluated };
    return await measureSections(measured, classes, options);
  } finally {
    await model.dispose();
  }
}

/** What was measured of a model, and of what. */
export interface FinishedEvaluation extends Measured {
  /** As it was asked for. */
  source: string;
  data: string | Dataset;
  problems: readonly DatasetProblem[];
}

/**
 * Writes a page of an evaluation.
 * @throws BitError ERR_BIT_OUTPUT where it cannot be written; the signal's reason.
 */
export async function writeEvaluationReport(
  path: string,
  evaluation: FinishedEvaluation,
  options: MistakeOptions,
): Promise<void> {
  const { source, data, result, problems } = evaluation;
  const of = typeof data === 'string' ? ` of ${data}` : '';
  const page = render({
    title: `Evaluation of ${source}`,
    facts: [
      ['Measured on', `${counted(result.examples, 'example')}${of}`],
      ...measureFacts(result),
    ],
    charts: measureCharts(result),
    sections: [...(await measureSections(evaluation, [], options)), ...problemSections(problems)],
    style: STYLE,
  });
  await writePage(path, page);
}
