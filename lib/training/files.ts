// Files of a run's folder, and errors that say which one it was.
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { REFUSALS } from '../batch/store/refusals';
import { BitError } from '../errors';
import { deniedReason } from '../permission';

const REASONS: Readonly<Record<string, string>> = {
  ...REFUSALS,
  EEXIST: 'a part of its path is a file',
};

/**
 * @throws BitError ERR_BIT_OUTPUT that names `path`, for what the system says and for files of a model that cannot be
 * written; other BitErrors as they are.
 */
export async function explainWrites<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof BitError && cause.code !== 'ERR_BIT_CHECKPOINT') throw cause;
    const why = reasonOf(cause) ?? (cause as Error).message;
    throw new BitError('ERR_BIT_OUTPUT', `Cannot write ${path}: ${why}`, { cause });
  }
}

/** In words; of an error of ours, what the system said to it. */
function reasonOf(error: unknown): string | null {
  const { code = '', cause } = error as NodeJS.ErrnoException;
  return deniedReason(error) ?? REASONS[code] ?? (cause === undefined ? null : reasonOf(cause));
}

/** Puts the files of a folder on the disk, and their names. */
export async function syncFiles(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await sync(join(folder, name));
  await syncFolder(folder);
}

/** Puts the names in it on the disk. Not every system opens folders. */
export const syncFolder = (folder: string) => sync(folder).catch(() => undefined);

async function sync(path: string): Promise<void> {
  const handle = await open(path);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
