// Options of batch(): what is run on what, where its rows go, and how the model runs.
import { isDeepStrictEqual } from 'node:util';
import { anything, boolean, callback, count, oneOf, text, type Check } from '../config/checks';
import { DEFAULT_DTYPE, DEFAULT_MODEL, DEFAULT_TOP_K } from '../config/defaults';
import { checkOptions } from '../config/options';
import { BitError, invalid, refuseUnknown } from '../errors';
import { LOAD_CHECKS, type LoadOptions } from '../models/load_options';
import {
  CLASSIFICATION_CHECKS,
  divided,
  FEATURE_CHECKS,
  type ClassificationOptions,
  type PipelineOptions,
} from '../pipelines/options';
import type { Task } from '../pipelines/parts';
import { throwIfAborted } from '../signal';
import { expectInputs, type BatchInputs } from './inputs/inputs';
import { listSource, type ListSource } from './inputs/list';
import { expectFormatFor, FORMATS, type FormatName } from './outputs/formats';
import type { BatchProgress } from './progress';

/** What a killed run has to do again, at most: a minute's work of a few cores. */
export const DEFAULT_PART_SIZE = 1000;

/** Of a URL, after a failure that may pass. */
export const DEFAULT_RETRIES = 2;

/** How a job's model is loaded and called. */
export interface EngineOptions extends Omit<PipelineOptions<ClassificationOptions>, 'batchSize'> {
  /**
   * Images that go through the network together, over all GPUs; default 8. 'auto' tries out which
   * number is the quickest of those that fit.
   */
  batchSize?: number | 'auto';
  /** Ends the job, which then rejects with its reason. */
  signal?: AbortSignal;
}

/**
 * Of {@link batch}: beside these, all options of {@link pipeline} and of its calls.
 * @category Batch jobs
 */
export interface BatchJobOptions extends EngineOptions {
  /** A directory, a checkpoint file or a hub id; default the small model of the package. */
  model?: string;
  /** Default 'image-classification'. The rows of 'image-feature-extraction' hold pooled features. */
  task?: Task;
  /** See {@link BatchInputs}. Tar archives (also .tar.gz, .tar.zst) and Parquet files are shards. */
  inputs?: BatchInputs;
  /** A file or stream with a path or URL on each line, taken as it is; after `inputs`. */
  filesFrom?: ListSource;
  /** The column of Parquet files that holds pictures; default the first one with a usual name. */
  column?: string;
  /**
   * A folder for the rows, as numbered files. What is done there stays done: the same call goes on
   * after whatever ended it. Without it the rows are given alone, and nothing is kept.
   */
  output?: string;
  /** Default 'jsonl'. */
  format?: FormatName;
  /** Inputs of each file, default 1000: what is lost at most when the process is killed. */
  partSize?: number;
  /** How often a URL is asked for again after a failure that may pass; default 2. */
  retries?: number;
  /** Deletes what an earlier job has left in `output`, and begins anew; default false. */
  restart?: boolean;
  /**
   * Does the parts again whose rows have errors, as after a server was out of order; default false.
   * The new rows take the place of the old ones once a part is done.
   */
  retryFailed?: boolean;
  /** Goes on with the inputs as they were listed when the job began, without listing them again. */
  planned?: boolean;
  /** `'i/n'`: of n processes with one `output`, this is number i, from 0; each does its share of the parts. */
  shard?: string;
  /** Whether a page about the job is written beside its rows, `_report.html`; default false. */
  report?: boolean;
  /** Called as rows are done, a few times a second at most. */
  onJobProgress?: (progress: BatchProgress) => void;
}

const inputs: Check = anything;
/** Those of the job itself. */
export const JOB_CHECKS = {
  model: text,
  task: oneOf('image-classification', 'image-feature-extraction'),
  inputs,
  filesFrom: listSource,
  column: text,
  output: {
    expected: 'a path',
    test: (value: unknown) => typeof value === 'string' && value !== '',
  },
  format: oneOf(...(Object.keys(FORMATS) as FormatName[])),
  partSize: count,
  retries: {
    expected: 'an integer, 0 or more',
    test: (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0,
  },
  restart: boolean,
  planned: boolean,
  retryFailed: boolean,
  report: boolean,
  shard: {
    expected: "'i/n', i counting from 0",
    test: (value: unknown) => shardOf(value) !== null,
  },
  onJobProgress: callback,
};

type JobKeys = keyof typeof JOB_CHECKS;

/** A job's options with their defaults, and those of its model. */
export interface CheckedOptions {
  job: Required<
    Pick<
      BatchJobOptions,
      | 'model'
      | 'task'
      | 'format'
      | 'partSize'
      | 'retries'
      | 'restart'
      | 'planned'
      | 'retryFailed'
      | 'report'
    >
  > &
    Pick<BatchJobOptions, 'inputs' | 'filesFrom' | 'column' | 'output' | 'onJobProgress'> & {
      shard: Shard;
    };
  engine: EngineOptions;
  signal?: AbortSignal;
}

/** Which parts are this process's: those whose number is `index`, by `count`. */
export interface Shard {
  index: number;
  count: number;
}

/** @throws BitError ERR_BIT_CONFIG naming the option that is wrong. */
export function checkBatchOptions(options: BatchJobOptions): CheckedOptions {
  if (typeof options !== 'object' || options === null)
    throw invalid('ERR_BIT_CONFIG', 'options', 'an object', options);
  refuseUnknown('option', options, { ...JOB_CHECKS, ...LOAD_CHECKS, ...callChecks(options.task) });
  const entries = Object.entries(options);
  const own = Object.fromEntries(entries.filter(([name]) => Object.hasOwn(JOB_CHECKS, name)));
  const { signal, ...engine } = Object.fromEntries(
    entries.filter(([name, value]) => !Object.hasOwn(JOB_CHECKS, name) && value !== undefined),
  ) as EngineOptions;
  const given = checkOptions<Pick<BatchJobOptions, JobKeys>>(own, JOB_CHECKS);
  const { shard, ...rest } = given;
  const job = {
    model: DEFAULT_MODEL,
    task: 'image-classification' as const,
    format: 'jsonl' as const,
    partSize: DEFAULT_PART_SIZE,
    retries: DEFAULT_RETRIES,
    restart: false,
    planned: false,
    retryFailed: false,
    report: false,
    ...rest,
    shard: shardOf(shard) ?? { index: 0, count: 1 },
  };
  if (!job.planned) expectInputs(job);
  throwIfAborted(signal);
  const { batchSize, ...others } = engine;
  const fixed = batchSize === 'auto' ? others : engine;
  const { loading } = divided(fixed, callChecks(job.task));
  checkOptions(loading, LOAD_CHECKS);
  expectFormatFor(job.task, job.format);
  expectOneJob(job);
  return { job, engine, signal };
}

/** Of calls; what is pooled is the job's own matter, and all of its pictures are alike urgent. */
function callChecks(task: Task | undefined): Record<string, Check> {
  const checks = task === 'image-feature-extraction' ? FEATURE_CHECKS : CLASSIFICATION_CHECKS;
  const others = Object.entries(checks).filter(([name]) => name !== 'pool' && name !== 'priority');
  return Object.fromEntries(others);
}

/** @throws BitError ERR_BIT_CONFIG for options that contradict each other. */
function expectOneJob({
  restart,
  planned,
  retryFailed,
  shard,
  output,
}: CheckedOptions['job']): void {
  const refuse = (message: string) => {
    throw new BitError('ERR_BIT_CONFIG', message);
  };
  if (restart && shard.count > 1)
    refuse('One of several shards cannot start the job anew: delete the output first');
  if (restart && planned)
    refuse('restart lists the inputs anew, and planned does not: choose one of the two');
  if (retryFailed && output === undefined)
    refuse('retryFailed is about the rows of an earlier run: give the output that has them');
  if (shard.count > 1 && output === undefined)
    refuse('Shards share the parts of an output: give it, or each would do all of the work');
}

function shardOf(value: unknown): Shard | null {
  const [, index, count] = (typeof value === 'string' && /^(\d+)\/(\d+)$/.exec(value)) || [];
  const shard = { index: Number(index), count: Number(count) };
  return shard.index < shard.count ? shard : null;
}

/** Options that change when rows are there, not what is in them. */
const FREE: readonly (keyof LoadOptions | keyof ClassificationOptions)[] = [
  'device',
  'threads',
  'batching',
  'batchSize',
  'ahead',
  'priority',
  'timeoutMs',
  'signal',
  'cacheDir',
  'token',
  'localFilesOnly',
  'onProgress',
];

/** What holds where they are left out. */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  topK: DEFAULT_TOP_K,
  functionToApply: null,
  gpuDecode: false,
  imageProcessorKwargs: {},
  dtype: DEFAULT_DTYPE,
  seed: 0,
  ignoreMismatchedSizes: false,
  ignoreMissingKeys: false,
};

/** Those that rows depend on, but for what holds without them. */
export function decisive(options: EngineOptions): Record<string, unknown> {
  const names: readonly string[] = FREE;
  const own = Object.entries(options).filter(
    ([name, value]) => !names.includes(name) && !isDeepStrictEqual(value, DEFAULTS[name]),
  );
  return Object.fromEntries(own);
}
