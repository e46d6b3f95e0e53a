// `bigtransfer finetune`: from pictures in folders to a classifier of them.

import { type Command, Option } from 'commander';
import {
  DEFAULT_MODEL,
  fineTune,
  type FineTuneOptions,
  type FineTuneResult,
  type Preset,
  type TrainingStep,
} from '../index';
import type { Context } from './context';
import { evaluationInWords, problemLines } from './evaluate';
import {
  addSourceOptions,
  fraction,
  positiveInteger,
  positiveNumber,
  sourceOptions,
  wholeNumber,
  type SourceFlags,
} from './options';
import { Progress } from './progress';
import { duration, print, printJson } from './report';

const PRESETS: readonly Preset[] = ['paper', 'light', 'cpu'];

/** As commander gives them; those of the run have the names of FineTuneOptions. */
interface Flags extends SourceFlags, Omit<FineTuneOptions, 'output' | 'schedule' | 'validation'> {
  model: string;
  out: string;
  trainDir?: string;
  validationDir?: string;
  schedule?: number[];
  json?: boolean;
}

/** Flags that are options of the run, by the same name. */
const OF_RUN = [
  'preset',
  'trainValSplit',
  'examplesPerClass',
  'maxTrainSamples',
  'maxEvalSamples',
  'problemType',
  'batchSize',
  'batchSplit',
  'learningRate',
  'schedule',
  'numTrainEpochs',
  'maxSteps',
  'resize',
  'crop',
  'flip',
  'mixup',
  'momentum',
  'weightDecay',
  'dropPathRate',
  'dtype',
  'seed',
  'evalSteps',
  'saveSteps',
  'threads',
  'restart',
  'pathColumn',
  'labelColumn',
  'imageColumn',
] as const satisfies readonly (keyof FineTuneOptions & keyof Flags)[];

export function addFinetune(program: Command, context: Context): void {
  const command = program
    .command('finetune')
    .description('Transfer a model to your own classes; go on where a run ended')
    .argument('[data]', 'a folder with a folder for each class, or a CSV, JSONL or Parquet file')
    .option('--model <source>', 'directory, checkpoint file or hub id', DEFAULT_MODEL)
    .requiredOption('--out <folder>', 'where the model goes, and its logs')
    .addOption(new Option('--preset <name>', 'what to train with (default: cpu)').choices(PRESETS));
  addDataOptions(command);
  addRecipeOptions(command);
  addSourceOptions(command)
    .option('--threads <n>', 'compute threads (default: all that there are)', positiveInteger)
    .option('--restart', 'delete what an earlier run left there, and begin anew')
    .option('--json', 'print what came of it as a JSON document')
    .action((data: string | undefined, flags: Flags) => {
      const from = data ?? flags.trainDir;
      if (from === undefined)
        command.error('error: there is no data: give a folder or a file, or --train-dir');
      return run(from as string, flags, context);
    });
}

function addDataOptions(command: Command): void {
  command
    .option('--train-dir <path>', 'the same as DATA')
    .option('--validation-dir <path>', 'data to evaluate on (default: a part of DATA)')
    .option('--train-val-split <share>', 'of DATA that is kept for that (default: 0.15)', fraction)
    .option(
      '--examples-per-class <n>',
      'so many of each class at most, drawn by the seed',
      positiveInteger,
    )
    .option('--max-train-samples <n>', 'so many examples at most', positiveInteger)
    .option('--max-eval-samples <n>', 'so many examples of the validation at most', positiveInteger)
    .addOption(
      new Option(
        '--problem-type <name>',
        'what labels are (default: by what they look like)',
      ).choices(['single_label_classification', 'multi_label_classification', 'regression']),
    )
    .option('--path-column <name>', 'of tables')
    .option('--label-column <name>', 'of tables')
    .option('--image-column <name>', 'of Parquet files');
}

function addRecipeOptions(command: Command): void {
  command
    .option('--batch-size <n>', 'examples of a step', positiveInteger)
    .option('--batch-split <n>', 'into so many micro-batches, for less memory', positiveInteger)
    .option('--learning-rate <x>', 'of the highest step', positiveNumber)
    .option(
      '--schedule <steps>',
      'at which the rate changes, such as 100,200,300,400,500',
      schedule,
    )
    .option('--num-train-epochs <n>', 'rounds over the data', positiveNumber)
    .option('--max-steps <n>', 'all steps', positiveInteger)
    .option('--resize <pixels>', 'of each side, before the crop', positiveInteger)
    .option('--crop <pixels>', 'of each side that the network is given', positiveInteger)
    .option('--flip <p>', 'the probability that a picture is mirrored (default: 0.5)', fraction)
    .option('--mixup <alpha>', "of MixUp's Beta distribution; 0: none", notNegative)
    .option('--momentum <x>', 'default: 0.9', fraction)
    .option('--weight-decay <x>', 'default: 0', notNegative)
    .option('--drop-path-rate <p>', "default: that of the model's config", fraction)
    .addOption(
      new Option('--dtype <name>', 'what activations are computed in (default: float32)').choices([
        'float32',
        'bfloat16',
      ]),
    )
    .option('--seed <n>', 'of all that is drawn (default: 0)', wholeNumber)
    .option('--eval-steps <n>', 'steps between evaluations', positiveInteger)
    .option('--save-steps <n>', 'steps between checkpoints', positiveInteger);
}

async function run(data: string, flags: Flags, context: Context): Promise<void> {
  const progress = new Progress();
  const given = OF_RUN.filter((name) => flags[name] !== undefined);
  const options: FineTuneOptions = {
    ...sourceOptions(flags, context),
    ...Object.fromEntries(given.map((name) => [name, flags[name]])),
    ...(flags.validationDir !== undefined && { validation: flags.validationDir }),
    output: flags.out,
  };
  const running = fineTune(flags.model, data, options);
  try {
    for await (const step of running) {
      progress.update('steps', step.step, step.steps, inWords(step));
      if (step.evaluation && !flags.json)
        progress.note(`step ${step.step}: ${evaluationInWords(step.evaluation)}`);
    }
  } finally {
    if (context.signal.aborted) progress.note('stopped: the same command goes on from here');
    progress.stop();
  }
  await tell(await running.result(), flags);
}

async function tell(result: FineTuneResult, { json }: Flags): Promise<void> {
  const { evaluation, problems, output, bestStep, steps, trainExamples } = result;
  if (json) return printJson({ ...(evaluation ?? {}), ...result });
  for (const line of problemLines(problems)) process.stderr.write(`${line}\n`);
  const measured = evaluation ? `, ${evaluationInWords(evaluation)}` : '';
  await print(
    `${output}: a model from ${trainExamples} examples, after ${bestStep} of ${steps} steps${measured}`,
  );
}

function inWords({ step, steps, loss, learningRate, imagesPerSecond, secondsLeft }: TrainingStep) {
  const rate = imagesPerSecond.toFixed(imagesPerSecond < 10 ? 1 : 0);
  return (
    `${step} of ${steps}, loss ${loss.toFixed(4)}, rate ${learningRate.toPrecision(2)}, ` +
    `${rate} images/s, ${duration(secondsLeft)} left`
  );
}

const schedule = (text: string) => text.split(',').map((step) => wholeNumber(step));

function notNegative(text: string): number {
  return Number(text) === 0 && text.trim() !== '' ? 0 : positiveNumber(text);
}
