// `bigtransfer batch`: any number of images to files of rows, by a job that can be ended and gone on with.

import { type Command, Option } from 'commander';
import {
  batch,
  DEFAULT_PART_SIZE,
  DEFAULT_RETRIES,
  DEFAULT_TOP_K,
  enqueueBatch,
  type BatchJobOptions,
  type BatchProgress,
  type BatchWorker,
  type FormatName,
} from '../index';
import type { Context } from './context';
import {
  addImageOptions,
  loadOptions,
  nonEmpty,
  positiveInteger,
  redisUrl,
  shardOf,
  wholeNumber,
  type ImageFlags,
} from './options';
import { Metrics, place, type Place } from './metrics';
import { Progress } from './progress';
import { duration, print, printJson } from './report';
import { problemInWords } from './status';

const TASKS = { classify: 'image-classification', embed: 'image-feature-extraction' } as const;
const FORMATS: readonly FormatName[] = ['jsonl', 'csv', 'parquet', 'npy'];

interface Flags extends ImageFlags {
  task: keyof typeof TASKS;
  out: string;
  format: FormatName;
  topK?: number;
  filesFrom?: string;
  column?: string;
  partSize: number;
  restart?: boolean;
  planned?: boolean;
  retryFailed?: boolean;
  shard?: string;
  retries: number;
  maxBatch?: number | 'auto';
  report?: boolean;
  metrics?: Place;
  queue?: string;
  json?: boolean;
}

export function addBatch(program: Command, context: Context): void {
  const command = program
    .command('batch')
    .description(
      'Classify or embed any number of images, into files of rows; go on where a run ended',
    )
    .argument(
      '[inputs...]',
      'images, folders, globs, URLs, tar or Parquet shards; - for a list on standard input',
    )
    .addOption(
      new Option('--task <name>', 'what to do').choices(Object.keys(TASKS)).default('classify'),
    )
    .requiredOption('--out <folder>', 'where the rows go: part-00000.jsonl and so on', nonEmpty)
    .addOption(new Option('--format <name>', 'of the rows').choices(FORMATS).default('jsonl'))
    .option('--top-k <n>', `labels for each image (default: ${DEFAULT_TOP_K})`, positiveInteger)
    .option(
      '--files-from <file>',
      'a list of paths and URLs, one on each line; - for standard input',
    )
    .option('--column <name>', 'of Parquet inputs: the one that holds the images')
    .option('--part-size <n>', 'inputs of each file', positiveInteger, DEFAULT_PART_SIZE)
    .addOption(
      new Option('--max-batch <n>', 'as --batch-size; auto: the quickest that fits').argParser(
        (text) => (text === 'auto' ? text : positiveInteger(text)),
      ),
    )
    .addOption(
      new Option('--shard <i/n>', 'do share i of n, i from 0; the others are for other processes')
        .argParser(shardOf)
        .conflicts(['queue', 'restart']),
    )
    .option('--queue <url>', 'have workers do it, by way of Redis: redis://host:port', redisUrl)
    .addOption(
      new Option('--restart', 'delete what an earlier job left there, and begin anew').conflicts([
        'planned',
        'retryFailed',
      ]),
    )
    .option('--planned', 'go on with the inputs as they were listed when the job began')
    .option('--retry-failed', 'do the parts again whose rows have errors')
    .option('--retries <n>', 'of a URL whose server fails', wholeNumber, DEFAULT_RETRIES)
    .option('--report', 'write a page about the job beside its rows: _report.html')
    .option('--metrics <[host:]port>', 'tell Prometheus how far it is, under /metrics', place)
    .option('--json', 'print what is done as a JSON document');
  addImageOptions(command).action((inputs: string[], flags: Flags) => {
    if (inputs.length === 0 && flags.filesFrom === undefined && !flags.planned)
      command.error('error: there are no inputs: give some, or a list by --files-from');
    if (inputs.includes('-') && flags.filesFrom !== undefined)
      command.error('error: there are two lists: - and --files-from');
    if (flags.format === 'npy' && flags.task !== 'embed')
      command.error('error: --format npy is for --task embed');
    if (flags.topK !== undefined && flags.task === 'embed')
      command.error('error: --top-k is for --task classify');
    return runBatch(inputs, flags, context);
  });
}

async function runBatch(inputs: string[], flags: Flags, context: Context): Promise<void> {
  const progress = new Progress();
  const metrics = flags.metrics && new Metrics();
  if (metrics) progress.note(`metrics: ${await metrics.listen(flags.metrics as Place)}`);
  let last: BatchProgress | undefined;
  const onJobProgress = (now: BatchProgress) => {
    last = now;
    metrics?.update(now);
    progress.update('images', now.done, now.total, inWords(now));
  };
  try {
    const options = { ...jobOptions(inputs, flags, context), onJobProgress };
    if (flags.queue === undefined) await runHere(options, progress);
    // Where the network runs is each worker's own.
    else {
      const onWorkers = workerNotes(progress);
      await enqueueBatch({ ...options, output: flags.out, queue: flags.queue, onWorkers });
    }
  } finally {
    if (context.signal.aborted) progress.note(goesOn(flags));
    progress.stop();
    metrics?.close();
  }
  const { done = 0, errors = {} } = last ?? {};
  if (flags.json) await printJson({ out: flags.out, rows: done, errors });
  else await print(`${flags.out}: ${done} rows${failures(errors)}`);
}

const goesOn = ({ queue }: Flags) =>
  queue === undefined
    ? 'stopped: the same command goes on from here'
    : 'no longer watched: workers go on, and the same command watches again';

/** Looks, of one a second, after which workers that were there are taken to be gone. */
const LOOKS_WITHOUT_WORKERS = 10;

/** Says once what keeps a job from its end: nobody is there, or parts fail. */
function workerNotes(progress: Progress): (workers: BatchWorker[]) => void {
  const told = new Set<string>();
  let looks = 0;
  let last = -Infinity;
  return (workers) => {
    const notes = workers.flatMap(problemInWords);
    if (workers.length > 0) last = looks;
    // After a restart of Redis it takes them some seconds to say that they are there.
    if (workers.length === 0 && looks - last > LOOKS_WITHOUT_WORKERS)
      notes.push('there are no workers: start some with bigtransfer worker --queue');
    for (const note of notes) if (!told.has(note)) progress.note(note);
    for (const note of notes) told.add(note);
    looks++;
  };
}

async function runHere(options: BatchJobOptions, progress: Progress): Promise<void> {
  for await (const { path, error } of batch(options))
    if (error) progress.note(`error: ${path}: ${error.message}`);
}

function jobOptions(inputs: string[], flags: Flags, context: Context): BatchJobOptions {
  const {
    task,
    out,
    format,
    topK,
    column,
    partSize,
    restart,
    planned,
    retryFailed,
    shard,
    retries,
    report,
    model,
  } = flags;
  const paths = inputs.filter((each) => each !== '-');
  const filesFrom = paths.length < inputs.length ? '-' : flags.filesFrom;
  return {
    ...loadOptions(flags, context),
    timeoutMs: 1000 * flags.timeout,
    batchSize: flags.maxBatch ?? flags.batchSize,
    model,
    task: TASKS[task],
    inputs: paths.length > 0 || filesFrom === undefined ? paths : undefined,
    filesFrom: filesFrom === '-' ? process.stdin : filesFrom,
    output: out,
    ...(topK !== undefined && { topK }),
    ...{ format, column, partSize, restart, planned, retryFailed, shard, retries, report },
  };
}

function inWords({ done, total, errors, rate, secondsLeft }: BatchProgress): string {
  const of = total === null ? `${done}` : `${done} of ${total}`;
  const left = secondsLeft === null ? '' : `, ${duration(secondsLeft)} left`;
  return `${of}, ${rate.toFixed(rate < 10 ? 1 : 0)} images/s${failures(errors)}${left}`;
}

function failures(errors: Record<string, number>): string {
  const count = Object.values(errors).reduce((sum, each) => sum + each, 0);
  return count === 0 ? '' : `, ${count} of them ${count === 1 ? 'an error' : 'errors'}`;
}
