// `bigtransfer finetune`: from pictures in folders to a classifier of them.

import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  DEFAULT_MODEL,
  DEFAULT_TIMEOUT_MS,
  fineTune,
  type FineTuneOptions,
  type FineTuneResult,
  type Preset,
  type TrainingData,
  type TrainingStep,
} from '../index';
import type { Context } from './context';
import { documentOf, evaluationInWords, problemLines } from './evaluate';
import {
  addSourceOptions,
  fraction,
  nonEmpty,
  positiveInteger,
  positiveNumber,
  sourceOptions,
  trainingDevice,
  wholeNumber,
  type SourceFlags,
} from './options';
import { Progress } from './progress';
import { addHeadOptions, tellHead, OF_STEPS } from './finetune_head';
import { isFirst, Processes, starterSignal, withoutProcesses } from './processes';
import { duration, print, printJson } from './report';

const PRESETS: readonly Preset[] = ['paper', 'light', 'cpu'];

/** As commander gives them; those of the run have the names of FineTuneOptions. */
interface Flags
  extends SourceFlags, Omit<FineTuneOptions, 'output' | 'schedule' | 'validation' | 'headOnly'> {
  model: string;
  out: string;
  trainDir?: string;
  validationDir?: string;
  schedule?: number[];
  headOnly?: boolean;
  strength?: number;
  timeout: number;
  processes?: number;
  peerTimeout?: number;
  joinTimeout?: number;
  json?: boolean;
}

/** Flags that are options of the run, by the same name. */
const OF_RUN = [
  ...OF_STEPS,
  'trainValSplit',
  'examplesPerClass',
  'maxTrainSamples',
  'maxEvalSamples',
  'problemType',
  'crop',
  'seed',
  'device',
  'threads',
  'restart',
  'report',
  'pathColumn',
  'labelColumn',
  'imageColumn',
] as const satisfies readonly (keyof FineTuneOptions & keyof Flags)[];

/** Only one of them may say how long the training is. */
const LENGTHS = [
  ['schedule', '--schedule'],
  ['numTrainEpochs', '--num-train-epochs'],
  ['maxSteps', '--max-steps'],
] as const;

export function addFinetune(program: Command, context: Context): void {
  const command = program
    .command('finetune')
    .description('Transfer a model to your own classes; go on where a run ended')
    .argument('[data]', 'a folder with a folder for each class, or a CSV, JSONL or Parquet file')
    .option('--model <source>', 'directory, checkpoint file or hub id', DEFAULT_MODEL)
    .requiredOption('--out <folder>', 'where the model goes, and its logs', nonEmpty)
    .addOption(new Option('--preset <name>', 'what to train with (default: cpu)').choices(PRESETS));
  addDataOptions(command);
  addHeadOptions(command);
  addRecipeOptions(command);
  addProcessOptions(command);
  addSourceOptions(command)
    .addOption(
      new Option('--device <name>', 'auto, cpu, cuda or cuda:N (default: auto)').argParser(
        trainingDevice,
      ),
    )
    .option(
      '--threads <n>',
      'compute threads of each process (default: all that there are, shared out)',
      positiveInteger,
    )
    .option(
      '--timeout <seconds>',
      'how long the server of a URL may be silent',
      positiveNumber,
      DEFAULT_TIMEOUT_MS / 1000,
    )
    .option('--no-report', 'write no training/report.html at the end')
    .option('--restart', 'delete what an earlier run left there, and begin anew')
    .option('--json', 'print what came of it as a JSON document')
    .action((data: string | undefined, flags: Flags) => {
      const from = data ?? flags.trainDir;
      if (from === undefined)
        command.error('error: there is no data: give a folder or a file, or --train-dir');
      if (data !== undefined && flags.trainDir !== undefined)
        command.error('error: there are two sets of data: DATA and --train-dir');
      const lengths = LENGTHS.filter(([name]) => flags[name] !== undefined).map(([, flag]) => flag);
      if (lengths.length > 1)
        command.error(`error: each of ${lengths.join(' and ')} says how long it takes: give one`);
      const { headOnly, strength } = flags;
      if (flags.processes !== undefined && process.env['WORLD_SIZE'] !== undefined)
        command.error('error: --processes starts processes, and WORLD_SIZE says that this is one');
      if (headOnly) return runHead(from as string, flags, context);
      if (strength !== undefined) command.error('error: --strength is for --head-only');
      return run(from as string, flags, context);
    });
}

function addDataOptions(command: Command): void {
  command
    .option('--train-dir <path>', 'the same as DATA')
    .option('--validation-dir <path>', 'data to evaluate on (default: a part of DATA)')
    .option('--train-val-split <share>', 'of DATA that is kept for that (default: 0.15)', share)
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
    .option('--from-scratch', 'start with random weights, not with those of the model')
    .option('--num-train-epochs <n>', 'rounds over the data', positiveNumber)
    .option('--max-steps <n>', 'all steps', positiveInteger)
    .option('--resize <pixels>', 'of each side, before the crop', positiveInteger)
    .option('--crop <pixels>', 'of each side that the network is given', positiveInteger)
    .option('--flip <p>', 'the probability that a picture is mirrored (default: 0.5)', fraction)
    .option('--mixup <alpha>', "of MixUp's Beta distribution; 0: none", notNegative)
    .option('--momentum <x>', 'default: 0.9', share)
    .option('--weight-decay <x>', 'default: 0', notNegative)
    .option('--drop-path-rate <p>', "default: that of the model's config", share)
    .addOption(
      new Option('--dtype <name>', 'what activations are computed in (default: float32)').choices([
        'auto',
        'float32',
        'bfloat16',
      ]),
    )
    .option('--gradient-checkpointing', 'less memory: blocks are run once more on the way back')
    .option('--seed <n>', 'of all that is drawn (default: 0)', wholeNumber)
    .option('--eval-steps <n>', 'steps between evaluations', positiveInteger)
    .option('--save-steps <n>', 'steps between checkpoints', positiveInteger);
}

function addProcessOptions(command: Command): void {
  command
    .option('--processes <n>', 'so many on this machine, which share each batch', positiveInteger)
    .option(
      '--peer-timeout <seconds>',
      'silence after which another process is given up (default: 45)',
      positiveNumber,
    )
    .option(
      '--join-timeout <seconds>',
      'how long processes wait for each other at the start (default: 300)',
      positiveNumber,
    );
}

function optionsOf(flags: Flags, context: Context, progress: Progress): FineTuneOptions {
  const given = OF_RUN.filter((name) => flags[name] !== undefined);
  return {
    ...sourceOptions(flags, context),
    ...Object.fromEntries(given.map((name) => [name, flags[name]])),
    ...(flags.validationDir !== undefined && { validation: flags.validationDir }),
    output: flags.out,
    timeoutMs: 1000 * flags.timeout,
    distributed: {
      ...(flags.peerTimeout && { timeoutMs: 1000 * flags.peerTimeout }),
      ...(flags.joinTimeout && { joinTimeoutMs: 1000 * flags.joinTimeout }),
    },
    onData: (data) => (flags.json ? undefined : progress.note(dataInWords(data))),
  };
}

async function run(data: string, flags: Flags, context: Context): Promise<void> {
  const progress = new Progress();
  const options = optionsOf(flags, context, progress);
  if (!isFirst()) {
    const signal = AbortSignal.any([context.signal, starterSignal()]);
    await fineTune(flags.model, data, { ...options, signal, onData: undefined }).result();
    return;
  }
  const { processes = 1 } = flags;
  if (processes === 1) return runFirst(data, flags, context, options, progress);
  const others = new Processes(processes, withoutProcesses(context.args));
  try {
    await runFirst(data, flags, context, others.optionsFor(options), progress);
  } finally {
    for (const end of await others.ended()) progress.note(end);
  }
}

/** Rank 0 tells how it goes. */
async function runFirst(
  data: string,
  flags: Flags,
  context: Context,
  options: FineTuneOptions,
  progress: Progress,
): Promise<void> {
  const running = fineTune(flags.model, data, options);
  let isTold = false;
  try {
    for await (const step of running) {
      isTold = true;
      progress.update('steps', step.step, step.steps, inWords(step));
      for (const line of problemLines(step.problems)) progress.note(line);
      if (step.evaluation && !flags.json)
        progress.note(`step ${step.step}: ${evaluationInWords(step.evaluation)}`);
    }
  } finally {
    if (context.signal.aborted) progress.note(goesOn(flags));
    progress.stop();
  }
  const result = await running.result();
  // A run that had come to its end has no steps that could tell them.
  if (!isTold) for (const line of problemLines(result.problems)) progress.note(line);
  if (result.report !== null && !flags.json) progress.note(`report: ${result.report}`);
  await tell(result, flags);
}

/** Options of steps are refused by fineTune() itself. */
function runHead(data: string, flags: Flags, context: Context): Promise<void> {
  const { strength, json = false } = flags;
  const progress = new Progress();
  // One process learns it.
  const given = { ...optionsOf(flags, context, progress), distributed: undefined };
  const options = { ...given, headOnly: true, strength } as const;
  return tellHead(fineTune(flags.model, data, options), progress, context, json);
}

const goesOn = ({ restart }: Flags) =>
  `stopped: the same command${restart ? ', without --restart,' : ''} goes on from here`;

async function tell(result: FineTuneResult, { json }: Flags): Promise<void> {
  const { evaluation, output, bestStep, steps, trainExamples } = result;
  if (json) return printJson(documentOf(result));
  const measured = evaluation ? `, ${evaluationInWords(evaluation)}` : '';
  await print(
    `${output}: a model from ${trainExamples} examples, after ${bestStep} of ${steps} steps${measured}`,
  );
}

/** Such as '24 examples of 3 classes, 8 to 12 each; 4 to validate on'. */
function dataInWords({ trainExamples, validationExamples, classes }: TrainingData): string {
  const counts = classes.map(({ count }) => count);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const each = least === most ? `${least}` : `${least} to ${most}`;
  const ofClasses = counts.length > 0 ? ` of ${counts.length} classes, ${each} each` : '';
  const others = validationExamples === null ? '' : `; ${validationExamples} to validate on`;
  return `${trainExamples} examples${ofClasses}${others}`;
}

function inWords({ step, steps, loss, learningRate, imagesPerSecond, secondsLeft }: TrainingStep) {
  const rate = imagesPerSecond.toFixed(imagesPerSecond < 10 ? 1 : 0);
  return (
    `${step} of ${steps}, loss ${loss.toFixed(4)}, rate ${learningRate.toPrecision(2)}, ` +
    `${rate} images/s, ${duration(secondsLeft)} left`
  );
}

function schedule(text: string): number[] {
  const steps = text.split(',').map((step) => wholeNumber(step));
  const isAscending = steps.every((step, i) => step > (steps[i - 1] ?? -1));
  if (!isAscending || steps.at(-1) === 0)
    throw new InvalidArgumentError('Expected ascending numbers of steps.');
  return steps;
}

function share(text: string): number {
  const value = fraction(text);
  if (value === 1) throw new InvalidArgumentError('Expected a number from 0 to below 1.');
  return value;
}

function notNegative(text: string): number {
  return Number(text) === 0 && text.trim() !== '' ? 0 : positiveNumber(text);
}
