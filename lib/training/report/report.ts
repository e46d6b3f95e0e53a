// Pages of runs and of evaluations: how it went, how good the model is, what it takes for what.
import { join } from 'node:path';
import { render, type Page } from '../../report/page';
import { BitForImageClassification } from '../../models/bit_for_image_classification';
import type { LoadOptions } from '../../models/load_options';
import { countsByClass, type ClassCount } from '../data/balance';
import type { Dataset, DatasetProblem } from '../data/dataset';
import type { EvaluationResult } from '../evaluation/evaluation';
import { foldsOf } from '../head/folds';
import type { HeadPreparation } from '../head/prepare';
import type { HeadResult } from '../head/run';
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
import { strengthCharts, strengthFacts } from './strengths';

/** In the folder of a run. */
const LOGS = 'training';
const REPORT = join(LOGS, 'report.html');

/** A run that has come to its end, whatever it learned. */
interface Finished {
  /** What it began from. */
  source: string;
  preparation: Pick<Preparation, 'files' | 'processor' | 'validation'>;
  /** What was learned from. */
  learned: Dataset;
  result: Omit<HeadResult | FineTuneResult, 'report'>;
}

/** One that went step by step. */
export interface FinishedRun extends Finished {
  preparation: Preparation;
  result: Omit<FineTuneResult, 'report'>;
}

/** One that fitted a head alone. */
export interface FinishedHead extends Finished {
  preparation: HeadPreparation;
  result: Omit<HeadResult, 'report'>;
}

type ReportOptions = MistakeOptions & Pick<LoadOptions, 'threads' | 'device' | 'allowTf32'>;

/**
 * Writes `training/report.html` of a run's folder, with the pictures of the mistakes that its model makes.
 * @returns its path.
 * @throws BitError ERR_BIT_OUTPUT where it cannot be written; the signal's reason.
 */
export async function writeRunReport(run: FinishedRun, options: ReportOptions): Promise<string> {
  const { learned, preparation, result } = run;
  const curves = await curvesOf(readRunLog(join(result.output, LOGS)), learned.problemType);
  const own = {
    title: `Fine-tuning of ${result.output}`,
    facts: [stepsFact(result), ...recipeFacts(preparation.settings)],
    charts: curves,
  };
  return writeReport(run, own, options);
}

/** As {@link writeRunReport}, of a head alone. */
export async function writeHeadReport(run: FinishedHead, options: ReportOptions): Promise<string> {
  const { learned, preparation, result } = run;
  const { settings } = preparation;
  const own = {
    title: `Fine-tuning of the head of ${result.output}`,
    facts: strengthFacts(result, settings, foldsOf(learned, settings.seed)),
    charts: strengthCharts(result),
  };
  return writeReport(run, own, options);
}

const stepsFact = ({ steps, bestStep }: FinishedRun['result']): Page['facts'][number] => {
  const best = bestStep === steps ? '' : `; the model is the best one, of step ${whole(bestStep)}`;
  return ['Steps', `${whole(steps)}${best}`];
};

/** @param own what only such a run tells: facts after the common ones, charts before them. */
async function writeReport(
  run: Finished,
  own: Pick<Page, 'title' | 'facts' | 'charts'>,
  options: ReportOptions,
): Promise<string> {
  const { source, preparation, learned, result } = run;
  const { evaluation, output, problems } = result;
  const classes = countsByClass(learned);
  const begun = preparation.files.length > 0 ? source : `${source} with random weights`;
  const page = render({
    title: own.title,
    facts: [
      ...dataFacts(learned.examples.length, classes),
      ...(evaluation ? validationFacts(evaluation) : []),
      ['Begun from', begun],
      ...own.facts,
    ],
    charts: [
      ...own.charts,
      ...(evaluation ? measureCharts(evaluation) : []),
      ...balanceCharts(classes),
    ],
    sections: [...(await validationSections(run, classes, options)), ...problemSections(problems)],
    style: STYLE,
  });
  const path = join(output, REPORT);
  await writePage(path, page);
  return path;
}

const validationFacts = (evaluation: EvaluationResult): Page['facts'] => [
  ['Validated on', counted(evaluation.examples, 'example')],
  ...measureFacts(evaluation),
];

/** With the model that the run has left; none without a validation. */
async function validationSections(
  { preparation, result }: Finished,
  classes: readonly ClassCount[],
  options: ReportOptions,
): Promise<Page['sections']> {
  const { evaluation, output } = result;
  const { validation, processor } = preparation;
  if (!evaluation || !validation) return [];
  const { threads, device, allowTf32, signal } = options;
  const loading = { threads, device, allowTf32, signal };
  const model = await BitForImageClassification.fromPretrained(output, loading);
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
