// Options that several commands share, and how their values are read.

import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  COMPUTE_DTYPES,
  DEFAULT_BATCH_SIZE,
  DEFAULT_DEVICE,
  DEFAULT_DTYPE,
  DEFAULT_MODEL,
  DEFAULT_TIMEOUT_MS,
  isDevice,
  type ComputeDType,
  type Device,
  type LoadOptions,
  type PretrainedOptions,
  type TrainingDevice,
} from '../index';
import type { Context } from './context';
import { downloadBar } from './progress';

/** What {@link addSourceOptions} and {@link addModelOptions} add, as commander gives it. */
export interface ModelFlags extends SourceFlags {
  model: string;
  device: Device;
  dtype: ComputeDType;
  threads?: number;
}

/** What {@link addImageOptions} adds. */
export interface ImageFlags extends ModelFlags {
  batchSize: number;
  timeout: number;
}

export interface SourceFlags {
  revision?: string;
  offline?: boolean;
}

/** Options of a command that loads anything by a source. */
export function addSourceOptions(command: Command): Command {
  return command
    .option('--revision <name>', 'branch, tag or commit of a hub model')
    .option('--offline', 'use what is in the cache, download nothing');
}

/** Options of a command that runs a model. */
export function addModelOptions(command: Command, { withModel = true } = {}): Command {
  if (withModel)
    command.option('--model <source>', 'directory, checkpoint file or hub id', DEFAULT_MODEL);
  command
    .option('--batch-size <n>', 'images that run together', positiveInteger, DEFAULT_BATCH_SIZE)
    .addOption(
      new Option('--device <name>', 'auto, cpu, cuda, cuda:N or cuda:all')
        .default(DEFAULT_DEVICE)
        .argParser(device),
    )
    .addOption(
      new Option('--dtype <name>', 'what the network computes in')
        .choices(COMPUTE_DTYPES)
        .default(DEFAULT_DTYPE),
    )
    .option('--threads <n>', 'compute threads (default: all that there are)', positiveInteger);
  return addSourceOptions(command);
}

/** Options of `fromPretrained`, with a progress bar for what is downloaded. */
export function sourceOptions(flags: SourceFlags, { signal }: Context): PretrainedOptions {
  return {
    signal,
    onProgress: downloadBar(),
    ...(flags.revision !== undefined && { revision: flags.revision }),
    ...(flags.offline && { localFilesOnly: true }),
  };
}

export function loadOptions(flags: ModelFlags, context: Context): LoadOptions {
  const { device, dtype, threads } = flags;
  return {
    ...sourceOptions(flags, context),
    device,
    dtype,
    ...(threads !== undefined && { threads }),
  };
}

/** What a command that runs images asks of the pipeline and of the model's queue. */
export function callOptions({ batchSize, timeout }: ImageFlags) {
  return { timeoutMs: 1000 * timeout, batchSize, batching: { maxBatch: batchSize } };
}

/** Options of a command that reads images. */
export function addImageOptions(command: Command, { withModel = true } = {}): Command {
  return addModelOptions(command, { withModel }).option(
    '--timeout <seconds>',
    'how long the server of a URL may be silent',
    positiveNumber,
    DEFAULT_TIMEOUT_MS / 1000,
  );
}

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError('Expected a positive number.');
  return value;
}

export function fraction(text: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError('Expected a number from 0 to 1.');
  return value;
}

export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('Expected a positive integer.');
  return value;
}

export function nonEmpty(text: string): string {
  if (text === '') throw new InvalidArgumentError('Expected a path.');
  return text;
}

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError('Expected an integer, 0 or more.');
  return value;
}

export function redisUrl(text: string): string {
  if (/^rediss?:\/\/[^/]/.test(text) && URL.canParse(text)) return text;
  throw new InvalidArgumentError('Expected redis://host:port.');
}

/** `i/n`, i from 0. */
export function shardOf(text: string): string {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  if (Number(index) < Number(count)) return text;
  throw new InvalidArgumentError('Expected i/n, i from 0 to n - 1, such as 0/4.');
}

/** One place for each process. */
export function trainingDevice(text: string): TrainingDevice {
  if (isDevice(text) && text !== 'cuda:all') return text;
  throw new InvalidArgumentError('Expected auto, cpu, cuda or cuda:N.');
}

export function device(text: string): Device {
  if (isDevice(text)) return text;
  throw new InvalidArgumentError('Expected auto, cpu, cuda, cuda:N or cuda:all.');
}
