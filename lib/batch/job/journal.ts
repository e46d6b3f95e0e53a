// What a job keeps of itself in its output: settings, plan, and which parts are done. All of it is in the
// folder `.job`; whatever moment a process ends at, what is there says how to go on.
import { randomUUID } from 'node:crypto';
import { BitError } from '../../errors';
import type { Listed } from '../inputs/listed';
import { WORK, type FileFacts, type Store } from '../store/store';
import { writePlan, type Plan } from './plan';
import { expectSame, type JobSettings } from './settings';
import type { Tally } from './tally';

const FOLDER = '.job';
const JOB = `${FOLDER}/job.json`;
const DONE = `${FOLDER}/done`;
/** Readers of folders of Parquet, such as pandas, pass over names that begin with '_' or '.'. */
export const MANIFEST = '_manifest.json';
export const REPORT = '_report.html';
/** What jobs leave beside their folder. */
const OURS = /^(part-\d{5,}\.(jsonl|csv|parquet|npy|rows\.jsonl)|_manifest\.json|_report\.html)$/;

export interface Job {
  id: string;
  /** When it began, as ISO 8601. */
  created: string;
  settings: JobSettings;
  plan: Plan;
  /** The folder that relative paths start from. */
  base: string;
}

/** A part whose files are complete. */
export interface DonePart {
  part: number;
  rows: number;
  /** Rows with an error, by its code. */
  errors: Record<string, number>;
  /** `from` is where a file lies until it is moved to its name. */
  files: (FileFacts & { name: string; from: string })[];
  /** For reports. */
  tally: Tally;
  /** When, as ISO 8601. */
  finished: string;
  /** What the part took, and who did it. */
  seconds: number;
  worker: string;
}

export interface OpenOptions {
  /** Deletes what is there. */
  restart: boolean;
  /** Takes the inputs as they were written down, whatever there is now. */
  planned: boolean;
}

/**
 * The job of a store: the one that is there, or a new one.
 * @throws BitError ERR_BIT_OUTPUT where another job is there, or files of one.
 */
export async function openJob(
  store: Store,
  settings: JobSettings,
  listing: () => AsyncIterable<Listed>,
  { restart, planned }: OpenOptions,
): Promise<Job> {
  if (restart) await clear(store);
  const there = await readJob(store);
  if (there) {
    expectSame(there.settings, settings, store.place);
    if (!planned)
      expectSamePlan(there.plan, await writePlan(listing(), settings.partSize, store, null), store);
    return there;
  }
  await expectEmpty(store);
  const id = randomUUID();
  const file = `${FOLDER}/plan-${id}.jsonl`;
  const plan = await writePlan(listing(), settings.partSize, store, file);
  const job: Job = { id, created: new Date().toISOString(), settings, plan, base: process.cwd() };
  if (await store.writeOnce(JOB, `${JSON.stringify(job)}\n`)) return job;
  // Another process has begun the same job meanwhile.
  await store.remove(file);
  const first = (await readJob(store)) as Job;
  expectSame(first.settings, settings, store.place);
  expectSamePlan(first.plan, plan, store);
  return first;
}

/** Null where there is none. @throws BitError ERR_BIT_OUTPUT for one that is broken. */
export async function readJob(store: Store): Promise<Job | null> {
  const text = await store.read(JOB);
  return text && parsed<Job>(text, JOB, store);
}

/**
 * Parts that are done, by their numbers; files that were not moved yet are.
 * @param done those that are known already, which are not read again; the others are added.
 */
export async function readDone(
  store: Store,
  done = new Map<number, DonePart>(),
): Promise<Map<number, DonePart>> {
  const there = await store.sizes('');
  for (const name of await store.list(DONE)) {
    if (done.has(Number.parseInt(name, 10))) continue;
    const record = await readRecord(store, name);
    if (record && (await isComplete(store, record, there))) done.set(record.part, record);
  }
  return done;
}

/** The same in the order of the parts. */
export async function readDoneParts(store: Store): Promise<DonePart[]> {
  return [...(await readDone(store)).values()].sort((a, b) => a.part - b.part);
}

/** Whether this part is done, all of its files in their places. */
export async function isDone(store: Store, part: number): Promise<boolean> {
  const record = await readRecord(store, `${partName(part)}.json`);
  return record !== null && isComplete(store, record, new Map());
}

/** How many parts somebody has marked done; some of their files may not be in their places yet. */
export async function countMarked(store: Store): Promise<number> {
  return (await store.list(DONE)).filter(isRecordName).length;
}

/** Whether this is the one that counts, of all that somebody makes of this part. */
export async function markDone(store: Store, record: DonePart): Promise<boolean> {
  const text = `${JSON.stringify(record)}\n`;
  if (!(await store.writeOnce(recordName(record.part), text))) return false;
  await moveFiles(store, record);
  return true;
}

/** Has parts with an error among their rows done again; what they hold stays until then. */
export async function forgetFailed(store: Store, done: Iterable<DonePart>): Promise<void> {
  const failed = [...done].filter(({ errors }) => Object.keys(errors).length > 0);
  // It tells of rows that are about to be others.
  if (failed.length > 0) await store.remove(MANIFEST);
  for (const { part } of failed) await store.remove(recordName(part));
}

/** Five digits at least, so that names are in order. */
export const partName = (part: number) => String(part).padStart(5, '0');

const recordName = (part: number) => `${DONE}/${partName(part)}.json`;

const isRecordName = (name: string) => /^\d{5,}\.json$/.test(name);

async function readRecord(store: Store, name: string): Promise<DonePart | null> {
  if (!isRecordName(name)) return null; // one that is being written
  const text = await store.read(`${DONE}/${name}`);
  return text && parsed<DonePart>(text, `${DONE}/${name}`, store);
}

/**
 * Moves what is still to be moved. A part whose files somebody has deleted, or cut, is to be done again.
 * @param there bytes of the files that are known to be there.
 */
async function isComplete(
  store: Store,
  record: DonePart,
  there: Map<string, number>,
): Promise<boolean> {
  const known = record.files.filter(({ name }) => there.has(name));
  const isCut = known.some(({ name, bytes }) => there.get(name) !== bytes);
  if (!isCut && known.length === record.files.length) return true;
  if (!isCut && (await moveFiles(store, record))) return true;
  await store.remove(recordName(record.part));
  return false;
}

/** Whether all of them are there now. */
async function moveFiles(store: Store, { files }: DonePart): Promise<boolean> {
  for (const { from, name } of files) if (!(await store.move(from, name))) return false;
  return true;
}

/**
 * What processes that were killed have left, once all parts are done. What another one writes there
 * meanwhile, in vain, may stay.
 */
export async function removeRests(store: Store, { plan }: Job): Promise<void> {
  for (const name of await store.list(FOLDER)) {
    const path = `${FOLDER}/${name}`;
    if (name.startsWith('plan-') && path !== plan.file) await store.remove(path);
  }
  await store.remove(WORK).catch(() => undefined);
}

async function clear(store: Store): Promise<void> {
  for (const name of await store.list('')) if (OURS.test(name)) await store.remove(name);
  await store.remove(FOLDER);
}

async function expectEmpty(store: Store): Promise<void> {
  const name = (await store.list('')).find((each) => OURS.test(each));
  if (name === undefined) return;
  throw new BitError(
    'ERR_BIT_OUTPUT',
    `${store.place} has ${name} and no job that it belongs to: choose another output, or start anew ` +
      '(restart), which deletes such files',
  );
}

function expectSamePlan(before: Plan, now: Plan, { place }: Store): void {
  if (before.digest === now.digest) return;
  throw new BitError(
    'ERR_BIT_OUTPUT',
    `${place} holds a job of other inputs: it has ${before.inputs}, and now there are ${now.inputs}` +
      `${before.inputs === now.inputs ? ', others or in another order' : ''}. Go on with those it began ` +
      'with (planned), choose another output, or start anew (restart), which deletes what is there',
  );
}

function parsed<T>(text: Buffer, name: string, { place }: Store): T {
  try {
    return JSON.parse(text.toString()) as T;
  } catch (cause) {
    const message = `${name} in ${place} is broken: start the job anew (restart)`;
    throw new BitError('ERR_BIT_OUTPUT', message, { cause });
  }
}
