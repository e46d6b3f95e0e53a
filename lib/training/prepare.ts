// From what a caller gives to all that a run needs to know: data, recipe, and what it starts from.
import { isDeepStrictEqual } from 'node:util';
import { modelFacts, type ModelFacts } from '../batch/job/model_facts';
import { DEFAULT_MODEL } from '../config/defaults';
import type { ImageProcessorData } from '../config/image_processor';
import { only } from '../config/options';
import { PRETRAINED_CHECKS, type PretrainedOptions } from '../config/pretrained_options';
import { BitError, describe, invalid } from '../errors';
import { resolveSource } from '../hub';
import { BitConfig } from '../models/bit_config';
import { BitImageProcessor } from '../models/bit_image_processor';
import { typicalArea } from './area';
import type { Dataset, DatasetProblem } from './data/dataset';
import { examplesPerClass, few } from './data/few_shot';
import { readDataset, splitsOf } from './data/read_dataset';
import { splitOff } from './data/split';
import { isDataset, type FineTuneOptions } from './options';
import { recipeFor, type Recipe } from './presets';
import { Schedule } from './schedule';

const DEFAULT_SPLIT = 0.15;
/** Of a micro-batch, where nothing else is asked for. */
const MICRO_BATCH = 32;
const DEFAULT_MOMENTUM = 0.9;
const DEFAULT_FLIP = 0.5;
/** Evaluations of a run. */
const EVALUATIONS = 10;

/** The numbers of a run: two runs that agree on them and on their data end with the same weights. */
export interface RunSettings extends Omit<Recipe, 'resolution' | 'schedule'> {
  resize: number;
  crop: number;
  schedule: number[];
  batchSplit: number;
  flip: number;
  momentum: number;
  weightDecay: number;
  dropPathRate: number;
  dtype: 'auto' | 'float32' | 'bfloat16';
  seed: number;
  evalSteps: number;
  saveSteps: number;
}

export interface Preparation {
  /** Of the result. */
  config: BitConfig;
  /** Of the result: the paper's evaluation, which resizes to the crop's size. */
  processor: BitImageProcessor;
  /** Weights to begin from, none for random ones, and what they are. */
  files: string[];
  weights: ModelFacts['files'];
  train: Dataset;
  /** Null where there is none. */
  validation: Dataset | null;
  settings: RunSettings;
  schedule: Schedule;
  problems: DatasetProblem[];
}

/** @throws BitError ERR_BIT_CONFIG for data that cannot be learnt from, and what reading model and data rejects with. */
export async function prepareRun(
  source: string | null | undefined,
  data: string | Dataset,
  options: FineTuneOptions,
): Promise<Preparation> {
  const from = source ?? DEFAULT_MODEL;
  const ofSource: PretrainedOptions = only(options, PRETRAINED_CHECKS);
  const base = await BitConfig.fromPretrained(from, ofSource);
  const given = await BitImageProcessor.fromPretrained(from, ofSource);
  const start = options.fromScratch ? RANDOM : await weightsOf(from, ofSource);
  const { train, validation, problems } = await readData(data, options);
  const settings = await settingsFor(train, sideOf(given), base, options);
  return {
    config: configFor(base, train, settings),
    processor: processorFor(given, settings.crop),
    ...start,
    train,
    validation,
    settings,
    schedule: new Schedule({ ...settings, steps: null }),
    problems,
  };
}

/** Nothing but the seed. */
const RANDOM: Pick<Preparation, 'files' | 'weights'> = { files: [], weights: {} };

/** What a source's weights are, and where. */
export async function weightsOf(
  source: string,
  options: PretrainedOptions,
): Promise<Pick<Preparation, 'files' | 'weights'>> {
  const { weights } = await resolveSource(source, options, 'model');
  return { files: weights.files, weights: (await modelFacts(source, options)).files };
}

export async function readData(data: string | Dataset, options: Omit<FineTuneOptions, 'headOnly'>) {
  const { pathColumn, labelColumn, imageColumn, signal, seed = 0 } = options;
  const read: Read = (from, like, split) =>
    isDataset(from)
      ? Promise.resolve(from)
      : readDataset(from, {
          ...{ pathColumn, labelColumn, imageColumn, signal },
          labels: like?.labels,
          problemType: like?.problemType ?? options.problemType,
          ...(split && { split }),
        });
  const splits: readonly string[] = isDataset(data) ? [] : await splitsOf(data);
  const all = await read(data, null, splits.includes('train') ? 'train' : undefined);
  const [train, validation] = await separate(
    all,
    () => validationOf(splits, all, data, options, read),
    options,
  );
  const some = limited(train, options, seed);
  expectClasses(some);
  return {
    train: some,
    validation: validation && few(validation, options.maxEvalSamples ?? Infinity, seed),
    problems: distinct([...all.problems, ...(validation?.problems ?? [])]),
  };
}

/** Training and validation may be of the same files. */
function distinct(problems: readonly DatasetProblem[]): DatasetProblem[] {
  return [...new Map(problems.map((each) => [JSON.stringify(each), each])).values()];
}

type Split = 'train' | 'validation' | 'test';
type Read = (from: string | Dataset, like: Dataset | null, split?: Split) => Promise<Dataset>;

/** What was given for it, or lies beside the training set; null where it is to be split off. */
async function validationOf(
  splits: readonly string[],
  train: Dataset,
  data: string | Dataset,
  { validation }: FineTuneOptions,
  read: Read,
): Promise<Dataset | null> {
  const split = (['validation', 'test'] as const).find((each) => splits.includes(each));
  if (!validation && !(split && splits.includes('train'))) return null;
  const other = await (validation ? read(validation, train) : read(data, train, split));
  expectSameKind(other, train);
  return other;
}

/** Numbers of classes mean something only beside the labels that they are numbers of. */
function expectSameKind(validation: Dataset, train: Dataset): void {
  for (const name of ['problemType', 'labels'] as const)
    if (!isDeepStrictEqual(validation[name], train[name]))
      throw invalid(
        'ERR_BIT_CONFIG',
        `${name} of the validation`,
        `those of the training, ${describe(train[name])},`,
        validation[name],
      );
}

async function separate(
  all: Dataset,
  given: () => Promise<Dataset | null>,
  { validation, trainValSplit = DEFAULT_SPLIT, seed = 0 }: FineTuneOptions,
): Promise<[Dataset, Dataset | null]> {
  if (validation === null) return [all, null];
  const other = await given();
  if (other) return [all, other];
  const parts = splitOff(all, trainValSplit, seed);
  // Of classes with an example each there is none to spare.
  return [parts.train, parts.validation.examples.length > 0 ? parts.validation : null];
}

function limited(
  train: Dataset,
  { examplesPerClass: perClass, maxTrainSamples }: FineTuneOptions,
  seed: number,
): Dataset {
  const some = perClass === undefined ? train : examplesPerClass(train, perClass, seed);
  return maxTrainSamples === undefined ? some : few(some, maxTrainSamples, seed);
}

function expectClasses({ problemType, labels, examples }: Dataset): void {
  if (examples.length === 0)
    throw new BitError('ERR_BIT_CONFIG', 'There is no example to learn from');
  if (problemType !== 'single_label_classification' || labels.length > 1) return;
  throw new BitError(
    'ERR_BIT_CONFIG',
    `All examples are of one class, ${labels[0]}: there is nothing to tell apart`,
  );
}

async function settingsFor(
  { examples }: Dataset,
  modelSide: number,
  base: BitConfig,
  options: FineTuneOptions,
): Promise<RunSettings> {
  const { preset = 'cpu', seed = 0, timeoutMs, signal, resize, crop } = options;
  const isSizeAsked = preset !== 'cpu' && (resize === undefined || crop === undefined);
  const area = isSizeAsked ? await typicalArea(examples, { seed, timeoutMs, signal }) : null;
  const recipe = recipeFor(preset, {
    examples: examples.length,
    area: area ?? modelSide ** 2,
    modelSide,
  });
  const batchSize = options.batchSize ?? recipe.batchSize;
  const schedule = scheduleOf(recipe.schedule, batchSize, examples.length, options);
  const evalSteps = options.evalSteps ?? Math.max(1, Math.round(schedule.steps / EVALUATIONS));
  const settings = {
    batchSize,
    learningRate: options.learningRate ?? recipe.learningRate,
    mixup: options.mixup ?? recipe.mixup,
    resize: resize ?? Math.max(recipe.resolution.resize, crop ?? 0),
    crop: crop ?? Math.min(recipe.resolution.crop, resize ?? Infinity),
    schedule: schedule.supports,
    batchSplit: options.batchSplit ?? Math.ceil(batchSize / MICRO_BATCH),
    flip: options.flip ?? DEFAULT_FLIP,
    momentum: options.momentum ?? DEFAULT_MOMENTUM,
    weightDecay: options.weightDecay ?? 0,
    dropPathRate: options.dropPathRate ?? base.dropPathRate,
    dtype: options.dtype ?? 'float32',
    seed,
    evalSteps,
    saveSteps: options.saveSteps ?? evalSteps,
  } as const;
  expectSizes(settings);
  return { ...settings, schedule: [...settings.schedule] };
}

function expectSizes({
  resize,
  crop,
  batchSize,
  batchSplit,
}: Pick<RunSettings, 'resize' | 'crop' | 'batchSize' | 'batchSplit'>): void {
  if (crop > resize)
    throw new BitError(
      'ERR_BIT_CONFIG',
      `A crop of ${crop} pixels cannot be cut out of ${resize}: give a smaller crop, or resize to more`,
    );
  if (batchSplit > batchSize)
    throw new BitError(
      'ERR_BIT_CONFIG',
      `A batch of ${batchSize} cannot fall into ${batchSplit} parts`,
    );
}

function scheduleOf(
  byRecipe: readonly number[],
  batchSize: number,
  examples: number,
  { schedule, numTrainEpochs, maxSteps }: FineTuneOptions,
): Schedule {
  const byEpochs =
    numTrainEpochs === undefined
      ? null
      : Math.max(1, Math.ceil((numTrainEpochs * examples) / batchSize));
  const steps = maxSteps ?? byEpochs;
  return new Schedule({ schedule: schedule ?? byRecipe, steps, learningRate: 0 });
}

function configFor(
  base: BitConfig,
  { labels, problemType }: Dataset,
  { dropPathRate }: RunSettings,
) {
  const id2label = Object.fromEntries(labels.map((label, index) => [index, label]));
  return base.with({ id2label, problemType, dropPathRate });
}

/** Square pictures of the crop's size, straight from the whole one; mean and deviation are the model's. */
export function processorFor(given: BitImageProcessor, crop: number): BitImageProcessor {
  return given.with({
    doConvertRgb: true,
    doResize: true,
    size: { height: crop, width: crop },
    resample: 2, // bilinear, as Google's
    doCenterCrop: false,
    doRescale: true,
    rescaleFactor: 1 / 255,
    doNormalize: true,
  });
}

/** Of the pictures that the model was made for. */
export function sideOf({ doCenterCrop, cropSize, size }: ImageProcessorData): number {
  if (doCenterCrop) return Math.max(cropSize.height, cropSize.width);
  const sides = Object.values(size) as number[];
  return Math.max(...sides);
}
