// Which parts of a job are done: a file for each.
import { doneFolder, MANIFEST, parsed } from './own_files';
import type { FileFacts, Store } from '../store/store';
import type { Tally } from './tally';

/** Jobs by their ids. */
interface JobId {
  id: string;
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

/**
 * Parts that are done, by their numbers; files that were not moved yet are.
 * @param done those that are known already, which are not read again; the others are added.
 */
export async function readDone(
  store: Store,
  job: JobId,
  done = new Map<number, DonePart>(),
): Promise<Map<number, DonePart>> {
  const there = await store.sizes('');
  for (const name of await store.list(doneFolder(job.id))) {
    if (done.has(Number.parseInt(name, 10))) continue;
    const record = await readRecord(store, job, name);
    if (record && (await isComplete(store, job, record, there))) done.set(record.part, record);
  }
  return done;
}

/** The same in the order of the parts. */
export async function readDoneParts(store: Store, job: JobId): Promise<DonePart[]> {
  return [...(await readDone(store, job)).values()].sort((a, b) => a.part - b.part);
}

/** Whether this part is done, all of its files in their places. */
export async function isDone(store: Store, job: JobId, part: number): Promise<boolean> {
  const record = await readRecord(store, job, `${partName(part)}.json`);
  return record !== null && isComplete(store, job, record, new Map());
}

/** How many parts somebody has marked done; some of their files may not be in their places yet. */
export async function countMarked(store: Store, job: JobId): Promise<number> {
  return (await store.list(doneFolder(job.id))).filter(isRecordName).length;
}

/** Whether this is the one that counts, of all that somebody makes of this part. */
export async function markDone(store: Store, job: JobId, record: DonePart): Promise<boolean> {
  const text = `${JSON.stringify(record)}\n`;
  if (!(await store.writeOnce(recordName(job, record.part), text))) return false;
  await moveFiles(store, record);
  return true;
}

/** Has parts with an error among their rows done again; what they hold stays until then. */
export async function forgetFailed(
  store: Store,
  job: JobId,
  done: Iterable<DonePart>,
): Promise<void> {
  const failed = [...done].filter(({ errors }) => Object.keys(errors).length > 0);
  // It tells of rows that are about to be others.
  if (failed.length > 0) await store.remove(MANIFEST);
  for (const { part } of failed) await store.remove(recordName(job, part));
}

/** Five digits at least, so that names are in order. */
export const partName = (part: number) => String(part).padStart(5, '0');

const recordName = ({ id }: JobId, part: number) => `${doneFolder(id)}/${partName(part)}.json`;

const isRecordName = (name: string) => /^\d{5,}\.json$/.test(name);

async function readRecord(store: Store, { id }: JobId, name: string): Promise<DonePart | null> {
  if (!isRecordName(name)) return null; // one that is being written
  const path = `${doneFolder(id)}/${name}`;
  const text = await store.read(path);
  return text && parsed<DonePart>(text, path, ['part', 'rows', 'files', 'tally'], store);
}

/**
 * Moves what is still to be moved. A part whose files somebody has deleted, or cut, is to be done again.
 * @param there bytes of the files that are known to be there.
 */
async function isComplete(
  store: Store,
  job: JobId,
  record: DonePart,
  there: Map<string, number>,
): Promise<boolean> {
  const known = record.files.filter(({ name }) => there.has(name));
  const isCut = known.some(({ name, bytes }) => there.get(name) !== bytes);
  if (!isCut && known.length === record.files.length) return true;
  if (!isCut && (await moveFiles(store, record))) return true;
  await store.remove(recordName(job, record.part));
  return false;
}

/** Whether all of them are there now. */
async function moveFiles(store: Store, { files }: DonePart): Promise<boolean> {
  for (const { from, name } of files) if (!(await store.move(from, name))) return false;
  return true;
}
