// Removes what `libtorch fetch` left in the cache.

import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { REMOVE_CHECKS, type RemoveOptions } from '../config/libtorch_options';
import { checkOptions } from '../config/options';
import { withLock } from '../download/lock';
import { throwIfAborted } from '../signal';
import { LOCK, libtorchCacheDir } from './cache';

/** What was removed: paths of the copies (and half-finished downloads), and their size. */
export interface RemovedLibtorch {
  /** Full paths. */
  removed: string[];
  /** Size of all of them. */
  bytes: number;
}

/**
 * Removes every copy of libtorch from the cache; a fetch under way elsewhere is waited for.
 * @throws BitError `ERR_BIT_CONFIG` for options that are wrong or unknown; the signal's reason.
 */
export async function removeLibtorch(options: RemoveOptions = {}): Promise<RemovedLibtorch> {
  const { signal } = checkOptions(options, REMOVE_CHECKS);
  throwIfAborted(signal);
  const root = libtorchCacheDir();
  const names = await readdir(root).catch(() => []);
  if (names.length === 0) return { removed: [], bytes: 0 };
  return withLock(join(root, LOCK), () => removeAll(root), signal);
}

async function removeAll(root: string): Promise<RemovedLibtorch> {
  const names = (await readdir(root)).filter((name) => name !== LOCK);
  const removed = names.map((name) => join(root, name));
  let bytes = 0;
  for (const path of removed) {
    bytes += await sizeOnDisk(path);
    await rm(path, { recursive: true, force: true });
  }
  return { removed, bytes };
}

/** Bytes of a file, or of all files below a directory; links are not followed. */
export async function sizeOnDisk(path: string): Promise<number> {
  const info = await lstat(path).catch(() => null);
  if (info === null) return 0;
  if (!info.isDirectory()) return info.size;
  let sum = 0;
  for (const name of await readdir(path)) sum += await sizeOnDisk(join(path, name));
  return sum;
}
