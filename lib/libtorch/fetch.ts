// Fetches the pinned libtorch into the user's cache: download or pip, check, unpack, move into place.

import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FETCH_CHECKS, type FetchOptions } from '../config/libtorch_options';
import { checkOptions } from '../config/options';
import { rootCause } from '../download/download';
import { withLock } from '../download/lock';
import { BitError } from '../errors';
import { asDenied } from '../permission';
import { throwIfAborted } from '../signal';
import { LOCK, MANIFEST, type Manifest, cachedCopies, libtorchCacheDir } from './cache';
import { inspectDirectory } from './directory';
import { extractWheel } from './extract';
import { PINNED } from './versions';
import { type Wanted, fetchFailure, obtainWheel, wantedWheel } from './wheel';

/**
 * Brings the pinned libtorch (CPU) into the cache, unless it is there, and returns its directory.
 * `BIGTRANSFER_LIBTORCH_URL` names a mirror of the wheel; `BIGTRANSFER_LIBTORCH_SHA256` another hash.
 * @throws BitError `ERR_BIT_LIBTORCH` that tells what failed, `ERR_BIT_CONFIG` for options that
 *   are wrong or unknown; the signal's reason when aborted
 */
export async function fetchLibtorch(given: FetchOptions = {}): Promise<string> {
  const options = checkOptions(given, FETCH_CHECKS);
  throwIfAborted(options.signal);
  const wanted = wantedWheel(options);
  try {
    assertPlatform();
    const ready = options.force ? null : readyCopy(wanted);
    if (ready !== null) return ready;
    const root = libtorchCacheDir();
    const work = () => fetchUnderLock(root, wanted, options);
    return await withLock(join(root, LOCK), work, options.signal);
  } catch (error) {
    options.signal?.throwIfAborted();
    const problem = asDenied(error, 'ERR_BIT_LIBTORCH');
    throw problem instanceof BitError ? problem : fetchFailure([rootCause(error).message], error);
  }
}

async function fetchUnderLock(
  root: string,
  wanted: Wanted,
  options: FetchOptions,
): Promise<string> {
  const ready = options.force ? null : readyCopy(wanted); // by whoever held the lock before
  if (ready !== null) return ready;
  await removeLeftovers(root);
  const temporary = await mkdtemp(join(root, '.new-'));
  try {
    const wheel = await obtainWheel(root, temporary, wanted, options);
    const unpacked = join(temporary, 'torch');
    await extractWheel(wheel.path, unpacked, {
      signal: options.signal,
      onProgress: (loaded, total) => options.onProgress?.({ phase: 'unpack', loaded, total }),
    });
    return await moveIntoPlace(root, unpacked, wanted, wheel.from);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

function assertPlatform(): void {
  const { platform, arch } = process;
  if (platform === PINNED.platform && arch === PINNED.arch && !isMusl()) return;
  const name = isMusl() ? `${platform}-${arch} with musl` : `${platform}-${arch}`;
  throw new BitError(
    'ERR_BIT_LIBTORCH',
    `There is no libtorch to fetch for ${name}: the one that this package knows is for Linux x64 with glibc.\n` +
      'Install PyTorch with pip, or set BIGTRANSFER_LIBTORCH to the directory of a libtorch for this platform.',
  );
}

function isMusl(): boolean {
  if (!existsSync('/lib/ld-musl-x86_64.so.1')) return false;
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report?.header?.glibcVersionRuntime === undefined;
}

/** A complete copy that came from the very wheel that is wanted. */
function readyCopy(wanted: Wanted): string | null {
  const isReady = (dir: string) =>
    readManifest(dir)?.sha256 === wanted.sha256 && inspectDirectory(dir, { needHeaders: true }).ok;
  return cachedCopies().find(isReady) ?? null;
}

function readManifest(dir: string): Partial<Manifest> | null {
  try {
    return JSON.parse(readFileSync(join(dir, MANIFEST), 'utf8')) as Partial<Manifest>;
  } catch {
    return null;
  }
}

/** We hold the lock, so temporary folders are those of a process that was killed. */
async function removeLeftovers(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    if (/^\.(new|old)-/.test(name)) await rm(join(root, name), { recursive: true, force: true });
  }
}

async function moveIntoPlace(
  root: string,
  unpacked: string,
  wanted: Wanted,
  from: string,
): Promise<string> {
  const seen = inspectDirectory(unpacked, { needHeaders: true });
  if (!seen.ok) throw fetchFailure([`${wanted.file} cannot be used: ${seen.why}`]);
  const manifest: Manifest = {
    version: seen.version,
    file: from === 'pip' ? PINNED.file : wanted.file,
    sha256: wanted.sha256,
    from,
    fetchedAt: new Date().toISOString(),
  };
  await writeFile(join(unpacked, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
  const target = join(root, seen.version);
  const old = await mkdtemp(join(root, '.old-'));
  if (existsSync(target)) await rename(target, join(old, 'torch'));
  await rename(unpacked, target);
  await rm(old, { recursive: true, force: true });
  return target;
}
