// Options of fineTune(): each checked, with its default.
import {
  anything,
  boolean,
  callback,
  count,
  fraction,
  isObject,
  nullable,
  oneOf,
  positive,
  text,
  type Check,
} from '../config/checks';
import { checkOptions } from '../config/options';
import { PRETRAINED_CHECKS, type PretrainedOptions } from '../config/pretrained_options';
import { BitError, invalid } from '../errors';
import type { ClassCount } from './data/balance';
import type { Dataset, ProblemType } from './data/dataset';
import { checkTrainingDevice, type TrainingDevice } from './device';
import { distributed, type DistributedOptions } from './peers/place';
import type { Preset } from './presets';

/**
 * What a run learns from.
 * @category Training
 */
export interface TrainingData {
  /** How targets are taken. */
  problemType: ProblemType;
  /** Those that can be read. */
  trainExamples: number;
  /** Null without a validation. */
  validationExamples: number | null;
  /** How many of those of the training each class has, in the order of id2label; none of a regression. */
  classes: ClassCount[];
}

/**
 * Of {@link fineTune}. What is left out follows from the preset and the data.
 * @category Training
 */
export interface FineTuneOptions extends PretrainedOptions {
  /** The folder of the result: a model's directory, with checkpoints and logs in `training` below it. */
  output: string;
  /** Default 'cpu' on a CPU. */
  preset?: Preset;
  /** A data set or where it is; default a part of the first one, see trainValSplit. */
  validation?: string | Dataset | null;
  /** The share of the examples that is kept for validation where no other is given, from 0 to 1; default 0.15. */
  trainValSplit?: number;
  /** So many examples of each class at most, drawn by the seed; all of them where it is left out. */
  examplesPerClass?: number;
  /** So many examples at most, drawn by the seed. */
  maxTrainSamples?: number;
  /** So many examples of the validation at most. */
  maxEvalSamples?: number;
  /** Whether the head alone is learnt: see {@link HeadOptions}. */
  headOnly?: false;
  /** Whether weights start at random, by the seed, rather than as the source has them; default false. */
  fromScratch?: boolean;
  /** What labels are; default by what they look like. */
  problemType?: ProblemType;
  /** Examples of a step. */
  batchSize?: number;
  /** Into how many micro-batches a batch falls, for less memory; default so that 32 are left in each. */
  batchSplit?: number;
  /** Of the highest step. */
  learningRate?: number;
  /** Steps at which the rate changes: the end of the warm-up first, the end of the training last. */
  schedule?: number[];
  /** Rounds over the data, by which a schedule's steps are scaled. */
  numTrainEpochs?: number;
  /** All steps, by which a schedule's are scaled. */
  maxSteps?: number;
  /** Pixels of each side after resizing, before the crop. */
  resize?: number;
  /** Pixels of each side that the network is given. */
  crop?: number;
  /** The probability that a picture is mirrored; default 0.5. */
  flip?: number;
  /** Both parameters of MixUp's Beta distribution; 0: none. */
  mixup?: number;
  /** Default 0.9. */
  momentum?: number;
  /** Default 0. */
  weightDecay?: number;
  /** The probability that the last block is left out, that of others in proportion; default the model's config's. */
  dropPathRate?: number;
  /**
   * Where it learns and evaluates: 'auto' (default) is the first GPU where CUDA works, else the CPU. Of several processes on a
   * machine each takes the GPU of its number (LOCAL_RANK) for 'cuda', and for 'auto' where there are as many.
   */
  device?: TrainingDevice;
  /**
   * What activations are computed in: 'float32' (default), 'bfloat16', or 'auto', the fastest of the two on the device.
   * Weights, gradients and what the optimiser remembers are float32.
   */
  dtype?: 'auto' | 'float32' | 'bfloat16';
  /** Whether convolutions in float32 on a GPU may round their factors to TF32, as PyTorch's do; default true. */
  allowTf32?: boolean;
  /**
   * Whether what a block computes is computed once more on the way back instead of being kept, for less memory and more time;
   * default false. It comes to the same weights.
   */
  gradientCheckpointing?: boolean;
  /** Of all that is drawn; default 0. */
  seed?: number;
  /** Steps between evaluations; default a tenth of all, and at the end in any case. */
  evalSteps?: number;
  /** Steps between checkpoints; default as evalSteps. */
  saveSteps?: number;
  /** Compute threads; default all that there are, and their share where torchrun starts several processes here. */
  threads?: number;
  /**
   * In how many processes it runs, and which of them this is: all call the same at once, each learns from its share of every
   * batch, and rank 0 writes the files. Default what RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT say, as torchrun sets
   * them; null: this one alone, whatever they say.
   */
  distributed?: DistributedOptions | null;
  /** How long the server of a picture may be silent, in milliseconds; default 30,000. */
  timeoutMs?: number;
  /** Deletes what an earlier run has left in `output`, and begins anew; default false: it is gone on with. */
  restart?: boolean;
  /** Whether `training/report.html` is written at the end: how it went, measures, the worst mistakes; default true. */
  report?: boolean;
  /** Called once the data are read, before the first step. */
  onData?: (data: TrainingData) => void;
  /** Of tables: which column holds paths. */
  pathColumn?: string;
  /** Of tables: which column holds labels. */
  labelColumn?: string;
  /** Of Parquet files: which column holds pictures. */
  imageColumn?: string;
}

/** Options of steps, of which the fit of a head has none. */
const OF_STEPS = [
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
  'distributed',
] as const satisfies readonly (keyof FineTuneOptions)[];

/**
 * Of {@link fineTune} where the head alone is learnt, from features that are computed once: those that are not about steps.
 * @category Training
 */
export interface HeadOptions extends Omit<FineTuneOptions, (typeof OF_STEPS)[number] | 'headOnly'> {
  /** What tells these from {@link FineTuneOptions}. */
  headOnly: true;
  /**
   * Of L2 regularisation: times half the squared weights of standardised features, beside the mean loss. Default what does
   * best on examples that are left out (cross-validation).
   */
  strength?: number;
}

const seed: Check = {
  expected: 'an integer from 0 to 2^53 - 1',
  test: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
};
const notNegative: Check = {
  expected: 'a number, 0 or more',
  test: (value) => typeof value === 'number' && value >= 0 && Number.isFinite(value),
};
const share: Check = {
  expected: 'a number from 0 to below 1',
  test: (value) => typeof value === 'number' && value >= 0 && value < 1,
};
const schedule: Check = {
  expected: 'a list of ascending numbers of steps',
  test: (value) =>
    Array.isArray(value) &&
    value.length > 0 &&
    value.every(
      (step: unknown, i) =>
        Number.isSafeInteger(step) && (step as number) > (i === 0 ? -1 : (value[i - 1] as number)),
    ) &&
    (value.at(-1) as number) > 0,
};
const place: Check = { expected: 'a path', test: (value) => text.test(value) && value !== '' };
export const problemType = oneOf(
  'single_label_classification',
  'multi_label_classification',
  'regression',
);
export const dataSource: Check = {
  expected: 'a path or a data set',
  test: (value) => typeof value === 'string' || isDataset(value),
};

export const isDataset = (value: unknown): value is Dataset =>
  isObject(value) &&
  problemType.test(value['problemType']) &&
  [value['examples'], value['labels'], value['problems']].every(Array.isArray);

/** @throws BitError ERR_BIT_CONFIG. */
export function expectCheck({ expected, test }: Check, name: string, value: unknown): void {
  if (!test(value)) throw invalid('ERR_BIT_CONFIG', name, expected, value);
}

export const FINE_TUNE_CHECKS = {
  ...PRETRAINED_CHECKS,
  output: place,
  preset: oneOf('paper', 'light', 'cpu'),
  validation: nullable(dataSource),
  trainValSplit: share,
  examplesPerClass: count,
  maxTrainSamples: count,
  maxEvalSamples: count,
  headOnly: boolean,
  strength: positive,
  fromScratch: boolean,
  problemType,
  batchSize: count,
  batchSplit: count,
  learningRate: positive,
  schedule,
  numTrainEpochs: positive,
  maxSteps: count,
  resize: count,
  crop: count,
  flip: fraction,
  mixup: notNegative,
  momentum: share,
  weightDecay: notNegative,
  dropPathRate: share,
  device: anything,
  dtype: oneOf('auto', 'float32', 'bfloat16'),
  allowTf32: boolean,
  gradientCheckpointing: boolean,
  seed,
  evalSteps: count,
  saveSteps: count,
  threads: count,
  timeoutMs: positive,
  restart: boolean,
  distributed,
  report: boolean,
  pathColumn: text,
  labelColumn: text,
  imageColumn: text,
  onProgress: callback,
  onData: callback,
};

/** @throws BitError ERR_BIT_CONFIG naming the option that is wrong, ERR_BIT_DEVICE for the device. */
export function checkFineTuneOptions<Options extends FineTuneOptions | HeadOptions>(
  options: Options,
): Options {
  if (typeof options !== 'object' || options === null)
    throw invalid('ERR_BIT_CONFIG', 'options', 'an object', options);
  const given = checkOptions(options as Given, FINE_TUNE_CHECKS);
  if (given.output === undefined) throw invalid('ERR_BIT_CONFIG', 'output', 'a path', undefined);
  if (given.device !== undefined) checkTrainingDevice(given.device);
  expectHeadOptions(given);
  const lengths = ['schedule', 'numTrainEpochs', 'maxSteps'] as const;
  const both = lengths.filter((name) => given[name] !== undefined);
  if (both.length > 1)
    throw new BitError(
      'ERR_BIT_CONFIG',
      `Each of ${both.join(' and ')} says how long the training is to be: give one of them`,
    );
  return given as Options;
}

/** Before it is known which of them make sense together. */
type Given = Omit<FineTuneOptions, 'headOnly'> & { headOnly?: boolean; strength?: number };

function expectHeadOptions(given: Partial<Given>): void {
  if (!given.headOnly && given.strength !== undefined)
    throw new BitError('ERR_BIT_CONFIG', 'strength is for headOnly: give that as well');
  const first = given.headOnly && OF_STEPS.find((name) => given[name] !== undefined);
  if (!first) return;
  throw new BitError(
    'ERR_BIT_CONFIG',
    `${first} means nothing with headOnly, which takes no steps: leave out one of them`,
  );
}
