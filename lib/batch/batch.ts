// Any number of pictures through a model: rows as they come, and under an output a job that nothing ends.
import { existsSync } from 'node:fs';
import { BitError, Caller } from '../errors';
import { openEngine, type Engine } from './engine';
import { listInputs, type Given } from './inputs/inputs';
import { openListed, type OpenShardOptions } from './inputs/open';
import type { Picture } from './inputs/picture';
import { fenced } from './job/fence';
import { forgetFailed, readDoneParts, type DonePart } from './job/done';
import type { Job } from './job/journal';
import { finishJob, sumOf } from './job/manifest';
import { openOwnJob, rowsIn } from './job/open';
import { runParts } from './job/run_parts';
import { checkBatchOptions, type BatchJobOptions, type CheckedOptions } from './options';
import { ProgressMeter } from './progress';
import type { BatchRow } from './row';
import { failedRow, rowsOf, type PictureGroup } from './rows';
import { writeReport } from './report';
import { openStore } from './store/open';
import type { Store } from './store/store';

/**
 * Runs a model over pictures, and gives a row for each of them, in their order: a result, or why there
 * is none. Memory does not grow with their number.
 *
 * With `output` the rows are written there too: numbered files of `partSize` rows, each of which
 * appears when it is complete, and `_manifest.json` at the end. What is done stays done, whatever ends
 * the process: the same call goes on with the rest and gives the rows of that alone.
 *
 * ```ts
 * for await (const { path, predictions, error } of batch({ model: 'google/bit-50', inputs: 'photos/' }))
 *   console.log(path, predictions?.[0]?.label ?? error?.message);
 * ```
 * @throws BitError ERR_BIT_CONFIG for wrong options, ERR_BIT_OUTPUT where rows cannot be written or
 *   the output belongs to another job, and what loading and running the model rejects with; the
 *   signal's reason.
 * @category Batch jobs
 */
export function batch(options: BatchJobOptions): AsyncGenerator<BatchRow, void, undefined> {
  const checked = checkBatchOptions(options);
  return shownTo(
    new Caller(batch),
    checked.job.output === undefined ? loose(checked) : kept(checked),
  );
}

/** Errors show where batch() was called. */
async function* shownTo<T>(
  caller: Caller,
  rows: AsyncIterable<T>,
): AsyncGenerator<T, void, undefined> {
  try {
    yield* rows;
  } catch (error) {
    throw caller.shownIn(error);
  }
}

/** Nothing is kept. The model is loaded with the first picture that can be read. */
async function* loose({ job, engine: options, signal }: CheckedOptions): AsyncGenerator<BatchRow> {
  const meter = new ProgressMeter(null, job.onJobProgress);
  const told = (row: BatchRow) => {
    meter.row(row.error?.code);
    return row;
  };
  meter.start(0, {});
  const listing = listInputs(job, { withShards: true, withRepeats: true, signal });
  const pictures = openGiven(listing, { ...job, signal });
  let engine: Engine | null = null;
  try {
    let next = await pictures.next();
    for (; !next.done && next.value.image instanceof BitError; next = await pictures.next())
      yield told(failedRow(next.value.path, next.value.image));
    if (!next.done) {
      engine = await openEngine(job.task, job.model, options, signal);
      const groups = alone(chain(next.value, pictures));
      for await (const { row } of rowsOf(groups, engine)) yield told(row);
    }
    meter.end();
  } finally {
    // Not awaited: it may be waiting for an input that never comes.
    void pictures.return(undefined).catch(() => undefined);
    await engine?.dispose();
  }
}

async function* chain<T>(first: T, rest: AsyncIterable<T>): AsyncGenerator<T> {
  yield first;
  yield* rest;
}

/** Each for itself: none waits until it is known whether another one follows. */
async function* alone(pictures: AsyncIterable<Picture>): AsyncGenerator<PictureGroup<null>> {
  for await (const picture of pictures) yield { key: null, pictures: one(picture) };
}

async function* openGiven(
  listing: AsyncIterable<Given>,
  options: OpenShardOptions,
): AsyncGenerator<Picture> {
  for await (const given of listing) {
    if ('image' in given) yield given as Picture;
    else yield* openListed([given], options);
  }
}

/** How often parts are looked for again that were there and are not any more. */
const MOST_ROUNDS = 10;

/** Under an output. */
async function* kept(checked: CheckedOptions): AsyncGenerator<BatchRow> {
  const { job: options, signal } = checked;
  const store = openStore(options.output as string);
  const job = await openOwnJob(store, checked);
  const { index, count } = options.shard;
  const isMine = (part: number) => part % count === index;
  const mine = job.plan.parts.map((_, part) => part).filter(isMine);
  if (options.retryFailed) {
    const before = await readDoneParts(store, job);
    await forgetFailed(
      store,
      job,
      before.filter(({ part }) => isMine(part)),
    );
  }
  const meter = new ProgressMeter(rowsIn(job, mine), options.onJobProgress);
  let parts: DonePart[];
  for (let round = 0; ; round++) {
    parts = await readDoneParts(store, job);
    const done = parts.filter(({ part }) => isMine(part));
    meter.start(
      done.reduce((sum, { rows }) => sum + rows, 0),
      sumOf(done.map(({ errors }) => errors)),
    );
    if (done.length === mine.length) break;
    if (round === MOST_ROUNDS) throw vanishing(store, mine.length - done.length);
    const there = new Set(done.map(({ part }) => part));
    yield* runLeft(
      store,
      job,
      mine.filter((part) => !there.has(part)),
      checked,
      meter,
    );
  }
  await finishJob(store, job, parts);
  if (options.report) await writeReport(store, job, parts, signal);
  meter.end();
}

async function* runLeft(
  store: Store,
  job: Job,
  left: readonly number[],
  { job: options, engine: engineOptions, signal }: CheckedOptions,
  meter: ProgressMeter,
): AsyncGenerator<BatchRow> {
  const engine = await openEngine(options.task, options.model, engineOptions, signal);
  try {
    const { column, retries } = options;
    // Where it is gone the job may be another machine's, which has the same files elsewhere.
    const isElsewhere = job.base !== process.cwd() && existsSync(job.base);
    const base = isElsewhere ? job.base : undefined;
    const work = { store: fenced(store, job.id), job, engine, column, retries, base, signal };
    for await (const row of runParts(left, work)) {
      meter.row(row.error?.code);
      yield row;
    }
  } finally {
    await engine.dispose();
  }
}

function vanishing({ place }: Store, parts: number): BitError {
  const message = `${parts} parts in ${place} vanish again and again once they are done: does another program delete files there?`;
  return new BitError('ERR_BIT_OUTPUT', message);
}

async function* one<T>(value: T): AsyncGenerator<T> {
  yield value;
}
