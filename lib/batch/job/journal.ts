// What a job keeps of itself in its output: its settings and its plan, and in done.ts which parts are done. All of it is
// in the folder `.job`; whatever moment a process ends at, what is there says how to go on.
import { randomUUID } from 'node:crypto';
import { BitError } from '../../errors';
import type { Listed } from '../inputs/listed';
import { WORK, type Store } from '../store/store';
import { doneFolder, FOLDER, JOB, OURS, parsed } from './own_files';
import { writePlan, type Plan } from './plan';
import { expectSame, type JobSettings } from './settings';

export interface Job {
  id: string;
  /** When it began, as ISO 8601. */
  created: string;
  settings: JobSettings;
  plan: Plan;
  /** The folder that relative paths start from. */
  base: string;
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
  if (!restart) await expectEmpty(store);
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
  return text && parsed<Job>(text, JOB, ['id', 'settings', 'plan'], store);
}

/**
 * What processes that were killed, or worked for a job before, have left, once all parts are done. What
 * another one writes there meanwhile, in vain, may stay.
 * @param kept names of the job's files.
 */
export async function removeRests(
  store: Store,
  { id, plan }: Job,
  kept: ReadonlySet<string>,
): Promise<void> {
  for (const name of await store.list('')) {
    const isPart = OURS.test(name) && name.startsWith('part-');
    if (isPart && !kept.has(name)) await store.remove(name);
  }
  const own = [JOB, plan.file, doneFolder(id)];
  for (const name of await store.list(FOLDER)) {
    const path = `${FOLDER}/${name}`;
    if (/^(plan|done)-/.test(name) && !own.includes(path)) await store.remove(path);
  }
  await store.remove(WORK).catch(() => undefined);
}

/** The job first: who works on it notices, and puts nothing in place any more. */
async function clear(store: Store): Promise<void> {
  await store.remove(FOLDER);
  for (const name of await store.list('')) if (OURS.test(name)) await store.remove(name);
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
