// The files that a job keeps in its output: what they are called, and what they hold.
import { isObject } from '../../config/checks';
import { BitError } from '../../errors';
import type { Store } from '../store/store';

export const FOLDER = '.job';
export const JOB = `${FOLDER}/job.json`;
/** By the job's id, so that whoever still works for a job before it counts for nothing. */
export const doneFolder = (id: string) => `${FOLDER}/done-${id}`;
/** Readers of folders of Parquet, such as pandas, pass over names that begin with '_' or '.'. */
export const MANIFEST = '_manifest.json';
export const REPORT = '_report.html';
/** What jobs leave beside their folder. */
export const OURS =
  /^(part-\d{5,}\.(jsonl|csv|parquet|npy|rows\.jsonl)|_manifest\.json|_report\.html)$/;

/**
 * What a file of ours holds.
 * @param members that it has in any case.
 * @throws BitError ERR_BIT_OUTPUT for one that is broken.
 */
export function parsed<T>(
  text: Buffer,
  name: string,
  members: readonly string[],
  { place }: Store,
): T {
  const broken = (cause?: unknown) =>
    new BitError('ERR_BIT_OUTPUT', `${name} in ${place} is broken: start the job anew (restart)`, {
      cause,
    });
  let value: unknown;
  try {
    value = JSON.parse(text.toString());
  } catch (cause) {
    throw broken(cause);
  }
  if (!isObject(value) || members.some((each) => value[each] === undefined)) throw broken();
  return value as T;
}
