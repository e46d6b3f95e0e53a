// Where the user's copies of libtorch live: one folder per version under the cache directory.

import { existsSync, lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BitError } from '../errors';
import { folderSetting, homeFolder, userCacheFolder } from '../user_folders';

/** Written last, so a folder that has it is complete. */
export const MANIFEST = 'manifest.json';

/** Held by whoever fetches into the cache or removes from it. */
export const LOCK = 'fetch.lock';

/** In the cache, wheels that are whole and checked, until all of a copy's are there and unpacked. */
export const WHEELS = 'wheels';

/** What `manifest.json` says about a fetched copy; of several wheels, `file` and `sha256` are libtorch's. */
export interface Manifest {
  version: string;
  file: string;
  sha256: string;
  /** The URL it came from (of several wheels the last), `pip`, or `cache` for what an earlier call had brought. */
  from: string;
  fetchedAt: string;
}

/**
 * This package's cache: `BIGTRANSFER_CACHE`, or the place that the platform has for caches. Relative
 * paths in variables are ignored.
 * @throws BitError `ERR_BIT_LIBTORCH` where the user has no home.
 */
export function cacheDir(): string {
  const set = folderSetting('BIGTRANSFER_CACHE');
  if (set !== undefined) return set;
  const folder = platformCache();
  if (folder !== null) return folder;
  throw new BitError(
    'ERR_BIT_LIBTORCH',
    'There is no home folder for a cache: HOME is empty or relative, and the account has none. Set ' +
      'BIGTRANSFER_CACHE to the full path of a folder',
  );
}

function platformCache(): string | null {
  const home = homeFolder();
  if (process.platform === 'win32') {
    const local = folderSetting('LOCALAPPDATA') ?? (home && join(home, 'AppData', 'Local'));
    return local && join(local, 'bigtransfer', 'Cache');
  }
  if (process.platform === 'darwin') return home && join(home, 'Library', 'Caches', 'bigtransfer');
  const caches = userCacheFolder();
  return caches && join(caches, 'bigtransfer');
}

/** The folder that holds a `<version>/` for each fetched libtorch. */
export function libtorchCacheDir(): string {
  return join(cacheDir(), 'libtorch');
}

/** Paths of the version folders in the cache, complete or not, links to folders among them. */
export function cachedCopies(): string[] {
  const root = libtorchCacheDir();
  if (!existsSync(root)) return []; // nothing was ever fetched
  return readdirSync(root)
    .filter((name) => /^\d/.test(name))
    .map((name) => join(root, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory());
}

/**
 * Whether a copy is complete: one that was fetched has its manifest, and what a link leads to was
 * never fetched here.
 */
export function isComplete(copy: string): boolean {
  return existsSync(join(copy, MANIFEST)) || lstatSync(copy).isSymbolicLink();
}

/** A copy's libtorch: with CUDA's libraries it lies beside these, as pip installs them. */
export function libtorchOf(copy: string): string {
  const beside = join(copy, 'torch');
  return existsSync(beside) ? beside : copy;
}
