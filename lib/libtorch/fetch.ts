// Fetches the pinned libtorch into the user's cache: download or pip, check, unpack, move into place.

import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FETCH_CHECKS, type FetchOptions } from '../config/libtorch_options';
import { checkOptions } from '../config/options';
import { rootCause } from '../download/download';
import { withLock } from '../download/lock';
import { BitError } from '../errors';
import { asDenied } from '../permission';
import { libcFamily, platformName } from '../platform';
import { throwIfAborted } from '../signal';
import {
  LOCK,
  MANIFEST,
  type Manifest,
  WHEELS,
  cachedCopies,
  libtorchCacheDir,
  libtorchOf,
} from './cache';
import { inspectDirectory } from './directory';
import { extractWheels, torchAlone, torchWithCuda } from './extract';
import { PINNED } from './versions';
import { type Wheels, fetchFailure, obtainWheels, wantedWheels } from './wheel';

/**
 * Brings the pinned libtorch (for the CPU, or with `cuda` for NVIDIA GPUs) into the cache, unless it is
 * there, and returns its directory, which has `lib/`. `BIGTRANSFER_LIBTORCH_URL` names a mirror of the CPU's
 * wheel, `BIGTRANSFER_LIBTORCH_SHA256` another hash.
 * @throws BitError `ERR_BIT_LIBTORCH` that tells what failed, `ERR_BIT_CONFIG` for options that
 *   are wrong or unknown; the signal's reason when aborted
 */
export async function fetchLibtorch(given: FetchOptions = {}): Promise<string> {
  const options = checkOptions(given, FETCH_CHECKS);
  throwIfAborted(options.signal);
  const wheels = wantedWheels(options);
  try {
    assertPlatform();
    const ready = options.force ? null : readyCopy(wheels);
    if (ready !== null) return ready;
    const root = libtorchCacheDir();
    const work = () => fetchUnderLock(root, wheels, options);
    return await withLock(join(root, LOCK), work, options.signal);
  } catch (error) {
    options.signal?.throwIfAborted();
    const problem = asDenied(error, 'ERR_BIT_LIBTORCH');
    throw problem instanceof BitError
      ? problem
      : fetchFailure([rootCause(error).message], options, error);
  }
}

async function fetchUnderLock(
  root: string,
  wheels: Wheels,
  options: FetchOptions,
): Promise<string> {
  const ready = options.force ? null : readyCopy(wheels); // by whoever held the lock before
  if (ready !== null) return ready;
  await removeLeftovers(root);
  const folder = join(root, WHEELS);
  const temporary = await mkdtemp(join(root, '.new-'));
  try {
    const { paths, from } = await obtainWheels(root, folder, wheels, options);
    const unpacked = join(temporary, 'copy');
    try {
      await extractWheels(paths, unpacked, options.cuda ? torchWithCuda : torchAlone, {
        signal: options.signal,
        onProgress: (loaded, total) => options.onProgress?.({ phase: 'unpack', loaded, total }),
      });
      const dir = await moveIntoPlace(root, unpacked, wheels, { from, options });
      await removeAll(paths);
      return dir;
    } catch (error) {
      if (!mayPass(error, options.signal)) await removeAll(paths);
      throw error;
    }
  } finally {
    await rm(temporary, { recursive: true, force: true });
    await rmdir(folder).catch(() => undefined); // unless something is in it
  }
}

/** These and no others: those of a fetch for CUDA that was interrupted outlast one for the CPU. */
async function removeAll(paths: readonly string[]): Promise<void> {
  for (const path of paths) await rm(path, { force: true });
}

/** Whether the same wheels may do another time: the disk was full, or somebody did not want to wait. */
function mayPass(error: unknown, signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true || (error as NodeJS.ErrnoException).syscall !== undefined;
}

function assertPlatform(): void {
  const { platform, arch } = process;
  if (platform === PINNED.platform && arch === PINNED.arch && libcFamily() !== 'musl') return;
  throw new BitError(
    'ERR_BIT_LIBTORCH',
    `There is no libtorch to fetch for ${platformName()}: the one that this package knows is for Linux x64 with glibc.\n` +
      'Install PyTorch with pip, or set BIGTRANSFER_LIBTORCH to the directory of a libtorch for this platform.',
  );
}

/** The libtorch of a complete copy that came from the very wheel that is wanted. */
function readyCopy([wanted]: Wheels): string | null {
  const copies = cachedCopies().filter((copy) => readManifest(copy)?.sha256 === wanted.sha256);
  const isReady = (dir: string) => inspectDirectory(dir, { needHeaders: true }).ok;
  return copies.map(libtorchOf).find(isReady) ?? null;
}

function readManifest(copy: string): Partial<Manifest> | null {
  try {
    return JSON.parse(readFileSync(join(copy, MANIFEST), 'utf8')) as Partial<Manifest>;
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
  [wanted]: Wheels,
  { from, options }: { from: string; options: FetchOptions },
): Promise<string> {
  const seen = inspectDirectory(libtorchOf(unpacked), { needHeaders: true });
  if (!seen.ok) throw fetchFailure([`${wanted.file} cannot be used: ${seen.why}`], options);
  const manifest: Manifest = {
    version: seen.version,
    file: from === 'pip' ? wanted.pip.file : wanted.file,
    sha256: wanted.sha256,
    from,
    fetchedAt: new Date().toISOString(),
  };
  await writeFile(join(unpacked, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
  const target = join(root, seen.version);
  const old = await mkdtemp(join(root, '.old-'));
  if (existsSync(target)) await rename(target, join(old, 'copy'));
  await rename(unpacked, target);
  await rm(old, { recursive: true, force: true });
  return libtorchOf(target);
}
