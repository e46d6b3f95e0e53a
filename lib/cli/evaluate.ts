// `bigtransfer evaluate`: how good a classifier is on pictures whose classes are known.

import { type Command, Option } from 'commander';
import {
  evaluate,
  type DatasetProblem,
  type Evaluated,
  type EvaluateOptions,
  type EvaluationResult,
} from '../index';
import type { Context } from './context';
import { addImageOptions, loadOptions, positiveInteger, type ImageFlags } from './options';
import { Progress } from './progress';
import { harmless, print, printJson, table } from './report';

interface Flags extends Omit<ImageFlags, 'model'> {
  split?: 'train' | 'validation' | 'test';
  maxEvalSamples?: number;
  pathColumn?: string;
  labelColumn?: string;
  imageColumn?: string;
  report?: string;
  json?: boolean;
}

/** Of what cannot be used, and of confusions; --json has all of them. */
const MOST_PROBLEMS = 10;
const MOST_CONFUSIONS = 5;

export function addEvaluate(program: Command, context: Context): void {
  const command = program
    .command('evaluate')
    .description('Measure a classifier on pictures whose classes are known')
    .argument('<model>', 'directory, checkpoint file or hub id')
    .argument('<data>', 'a folder with a folder for each class, or a CSV, JSONL or Parquet file')
    .addOption(
      new Option('--split <name>', 'which part of the data').choices([
        'train',
        'validation',
        'test',
      ]),
    )
    .option('--max-eval-samples <n>', 'so many examples at most', positiveInteger)
    .option('--path-column <name>', 'of tables')
    .option('--label-column <name>', 'of tables')
    .option('--image-column <name>', 'of Parquet files')
    .option('--report <file>', 'an HTML page of the measures and the worst mistakes')
    .option('--json', 'print all measures as a JSON document');
  addImageOptions(command, { withModel: false }).action(
    (model: string, data: string, flags: Flags) => run(model, data, flags, context),
  );
}

async function run(model: string, data: string, flags: Flags, context: Context): Promise<void> {
  const { split, maxEvalSamples, pathColumn, labelColumn, imageColumn, batchSize, timeout } = flags;
  const { report } = flags;
  const progress = new Progress();
  try {
    const result = await evaluate(model, data, {
      ...(loadOptions({ ...flags, model }, context) as EvaluateOptions),
      ...{ split, maxEvalSamples, pathColumn, labelColumn, imageColumn, batchSize, report },
      timeoutMs: 1000 * timeout,
      onExample: (done, total) => progress.update('images', done, total, `${done} of ${total}`),
    });
    progress.stop();
    for (const line of problemLines(result.problems)) progress.note(line);
    await (flags.json ? printJson(result) : tell(result));
  } finally {
    progress.stop();
  }
}

async function tell(result: Evaluated): Promise<void> {
  const lines = [`${result.examples} examples: ${evaluationInWords(result)}`];
  if (result.problemType === 'single_label_classification') lines.push(...classesInWords(result));
  await print(lines.join('\n'));
}

type Classes = Extract<EvaluationResult, { problemType: 'single_label_classification' }>;

function classesInWords({ perClass, confusions, calibration }: Classes): string[] {
  const names = ['class', 'precision', 'recall', 'F1', 'examples'];
  const rows = perClass.map(({ label, precision, recall, f1, support }) => [
    harmless(label),
    ...[precision, recall, f1].map(share),
    String(support),
  ]);
  const lines = ['', table([names, ...rows], [1, 2, 3, 4])];
  const confused = confusions
    .slice(0, MOST_CONFUSIONS)
    .map(({ target, predicted, count }) => `  ${count} of ${target} for ${predicted}`);
  if (confused.length > 0) lines.push('', 'Taken for others most often:', ...confused);
  if (calibration.ece !== null) lines.push('', `Calibration error ${percent(calibration.ece)}`);
  return lines;
}

/** What a run came to, as JSON: itself, and at its end what `evaluate` prints of the model. */
export function documentOf<Result extends { evaluation: EvaluationResult | null }>({
  evaluation,
  ...result
}: Result): object {
  return { ...result, ...evaluation };
}

/** The measures that matter most. */
export function evaluationInWords(result: EvaluationResult): string {
  switch (result.problemType) {
    case 'single_label_classification': {
      const [low, high] = result.interval ?? [null, null];
      const within = low === null ? '' : ` (${percent(low)} to ${percent(high as number)})`;
      return `accuracy ${share(result.accuracy)}${within}, loss ${number(result.loss)}`;
    }
    case 'multi_label_classification':
      return `mean average precision ${share(result.meanAveragePrecision)}, loss ${number(result.loss)}`;
    case 'regression':
      return `root mean squared error ${number(result.rmse)}, R² ${number(result.r2)}`;
  }
}

/** What was left out, for standard error. */
export function problemLines(problems: readonly DatasetProblem[]): string[] {
  const lines = problems
    .slice(0, MOST_PROBLEMS)
    .map(
      ({ path, message }) =>
        `left out: ${message.includes(path) ? message : `${path}: ${message}`}`,
    );
  const more = problems.length - lines.length;
  return more > 0 ? [...lines, `left out: ${more} more`] : lines;
}

const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
const share = (value: number | null) => (value === null ? '-' : percent(value));
const number = (value: number | null) => (value === null ? '-' : value.toPrecision(4));
