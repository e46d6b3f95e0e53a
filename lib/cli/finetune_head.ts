// `bigtransfer finetune --head-only`: what is shown of it.

import { type Command, Option } from 'commander';
import type { FineTuning, HeadResult, HeadStep } from '../index';
import type { Context } from './context';
import { documentOf, evaluationInWords, problemLines } from './evaluate';
import { positiveNumber } from './options';
import type { Progress } from './progress';
import { duration, print, printJson } from './report';

/** Flags of steps, of which the fit of a head has none. */
export const OF_STEPS = [
  'preset',
  'batchSize',
  'batchSplit',
  'learningRate',
  'schedule',
  'numTrainEpochs',
  'maxSteps',
  'resize',
  'flip',
  'mixup',
  'momentum',
  'weightDecay',
  'dropPathRate',
  'dtype',
  'gradientCheckpointing',
  'evalSteps',
  'saveSteps',
  'fromScratch',
] as const;

/** Flags of several processes, of which it has none either. */
const OF_PROCESSES = ['processes', 'peerTimeout', 'joinTimeout'];

export function addHeadOptions(command: Command): void {
  command
    .addOption(
      new Option(
        '--head-only',
        'learn the head alone, from features that are computed once',
      ).conflicts([...OF_STEPS, ...OF_PROCESSES]),
    )
    .option(
      '--strength <x>',
      'with --head-only: of its L2 regularisation (default: by cross-validation)',
      positiveNumber,
    );
}

/** Runs it to its end. @throws what the run rejects with. */
export async function tellHead(
  running: FineTuning<HeadStep, HeadResult>,
  progress: Progress,
  { signal }: Context,
  json: boolean,
): Promise<void> {
  try {
    for await (const step of running) show(step, progress, json);
  } finally {
    if (signal.aborted) progress.note('stopped: the same command goes on from here');
    progress.stop();
  }
  const result = await running.result();
  if (json) return printJson(documentOf(result));
  for (const line of problemLines(result.problems)) progress.note(line);
  if (result.report !== null) progress.note(`report: ${result.report}`);
  await tell(result);
}

function show(step: HeadStep, progress: Progress, json: boolean): void {
  switch (step.phase) {
    case 'features':
      return progress.update('features', step.done, step.total, featuresInWords(step));
    case 'strengths':
      return progress.update('strengths', step.done, step.total, number(step.strength));
    case 'head':
      if (!json) progress.note(`strength ${number(step.strength)}, loss ${number(step.loss)}`);
  }
}

function featuresInWords(step: Extract<HeadStep, { phase: 'features' }>): string {
  const { done, total, imagesPerSecond, secondsLeft } = step;
  const rate = imagesPerSecond.toFixed(imagesPerSecond < 10 ? 1 : 0);
  return `${done} of ${total}, ${rate} images/s, ${duration(secondsLeft)} left`;
}

async function tell({ output, trainExamples, evaluation, strength, strengths }: HeadResult) {
  const chosen = strengths.find((each) => each.strength === strength);
  const accuracy = chosen?.accuracy ?? null;
  const validated = accuracy === null ? '' : `, cross-validated accuracy ${percent(accuracy)}`;
  const measured = evaluation ? `, ${evaluationInWords(evaluation)}` : '';
  await print(
    `${output}: a head from ${trainExamples} examples, strength ${number(strength)}${validated}${measured}`,
  );
}

const number = (value: number) => String(Number(value.toPrecision(3)));
const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
