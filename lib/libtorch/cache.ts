// Where the user's copies of libtorch live: one folder per version under the cache directory.

import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Written last, so a folder that has it is complete. */
export const MANIFEST = 'manifest.json';

/** Held by whoever fetches into the cache or removes from it. */
export const LOCK = 'fetch.lock';

/** What `manifest.json` says about a fetched copy. */
export interface Manifest {
  version: string;
  file: string;
  sha256: string;
  /** The URL it came from, or `pip`. */
  from: string;
  fetchedAt: string;
}

/** This package's cache: `BIGTRANSFER_CACHE`, or the place that the platform has for caches. */
export function cacheDir(): string {
  const { BIGTRANSFER_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (BIGTRANSFER_CACHE) return BIGTRANSFER_CACHE;
  if (process.platform === 'win32') {
    return join(LOCALAPPDATA || join(homedir(), 'AppData', 'Local'), 'bigtransfer', 'Cache');
  }
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'bigtransfer');
  return join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'bigtransfer');
}

/** The folder that holds a `<version>/` for each fetched libtorch. */
export function libtorchCacheDir(): string {
  return join(cacheDir(), 'libtorch');
}

/** Paths of the version folders in the cache, complete or not; empty where there is no cache. */
export function cachedCopies(): string[] {
  try {
    const entries = readdirSync(libtorchCacheDir(), { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && /^\d/.test(entry.name))
      .map((entry) => join(libtorchCacheDir(), entry.name));
  } catch {
    return []; // nothing was ever fetched
  }
}
