// The wheels that libtorch comes in: which ones are wanted, and how they get here, checked.

import { existsSync } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { FetchOptions } from '../config/libtorch_options';
import { withoutSecrets } from '../describe';
import { BitError } from '../errors';
import { download, rootCause, sha256 } from '../download/download';
import { CUDA_WHEELS, type PinnedWheel } from './cuda_wheels';
import { pipDownload } from './pip';
import { fileUrl, projectUrl } from './pypi';
import { PINNED } from './versions';

/** What is to be fetched, and the hash that it must have. */
export interface Wanted {
  /** Its name here. */
  file: string;
  sha256: string;
  /** Undefined where only the hash is known. */
  bytes?: number;
  /** What pip brings: its file has another name where the URL is not the pinned one. */
  pip: { requirement: string; file: string };
  /** Where it is, for people. */
  place: string;
  /** Where it is; asks the index of packages for wheels that lie there. */
  url: (signal?: AbortSignal) => Promise<string> | string;
}

/** What a copy of libtorch is made of, libtorch's own wheel first. */
export type Wheels = [Wanted, ...Wanted[]];

/** Where wheels come from that an earlier call has brought. */
const CACHE = 'cache';

/** Wheels on disk that have the right hashes, and where the last of them came from. */
interface Obtained {
  paths: string[];
  from: string;
}

/** The pinned wheels for the CPU or for CUDA, the former with what options and environment say of it. */
export function wantedWheels(options: FetchOptions): Wheels {
  return options.cuda ? (CUDA_WHEELS.map(onPyPI) as Wheels) : [wantedWheel(options)];
}

function onPyPI({ project, file, sha256, bytes }: PinnedWheel): Wanted {
  const version = file.split('-')[1] ?? '';
  return {
    file,
    sha256,
    bytes,
    // Of 2.14.1 and 2.14.1+cpu, `==2.14.1` allows both, and pip takes the latter.
    pip: { requirement: `${project}===${version}`, file },
    place: withoutSecrets(projectUrl(project)),
    url: (signal) => fileUrl(project, sha256, signal),
  };
}

function wantedWheel({ url }: FetchOptions): Wanted {
  const { BIGTRANSFER_LIBTORCH_URL, BIGTRANSFER_LIBTORCH_SHA256 } = process.env;
  const place = url || BIGTRANSFER_LIBTORCH_URL || PINNED.url;
  if (!URL.canParse(place)) throw fetchFailure([`${withoutSecrets(place)} is not a URL`], {});
  const file = decodeURIComponent(basename(new URL(place).pathname)).replace(/[^\w.+-]/g, '_');
  const hash = (BIGTRANSFER_LIBTORCH_SHA256 || PINNED.sha256).toLowerCase();
  return {
    file: file || PINNED.file,
    sha256: hash,
    bytes: hash === PINNED.sha256 ? PINNED.bytes : undefined,
    pip: { requirement: `torch==${PINNED.version}`, file: PINNED.file },
    place: withoutSecrets(place),
    url: () => place,
  };
}

/**
 * Brings the wheels into `folder`, from their sites or else through pip; those that are there already
 * are only checked. One with another hash counts as a failure.
 */
export async function obtainWheels(
  root: string,
  folder: string,
  wheels: readonly Wanted[],
  options: FetchOptions,
): Promise<Obtained> {
  await mkdir(folder, { recursive: true });
  const failures: string[] = [];
  const missing: Wanted[] = [];
  let from = CACHE;
  for (const wanted of wheels) {
    const counted = countedThrough(wheels, wanted, options);
    if (await isThere(folder, wanted, counted)) continue;
    try {
      // A site that does not answer is not asked for each of them.
      if (failures.length === 0) from = await fromSite(root, folder, wanted, counted);
      else missing.push(wanted);
    } catch (error) {
      options.signal?.throwIfAborted();
      failures.push(`${wanted.place}: ${reasonOf(error)}`);
      missing.push(wanted);
    }
  }
  if (missing.length > 0) {
    try {
      from = await fromPip(folder, missing, options, (wanted) =>
        countedThrough(wheels, wanted, options),
      );
    } catch (error) {
      options.signal?.throwIfAborted();
      throw fetchFailure([...failures, reasonOf(error)], options);
    }
  }
  return { paths: wheels.map(({ file }) => join(folder, file)), from };
}

/** What went wrong, without the secrets of the URLs in it. */
function reasonOf(error: unknown): string {
  return rootCause(error).message.replace(/[a-z][a-z0-9+.-]*:\/\/\S+/gi, withoutSecrets);
}

/** For one of several wheels: progress tells the bytes of all of them. */
function countedThrough(
  wheels: readonly Wanted[],
  wanted: Wanted,
  options: FetchOptions,
): FetchOptions {
  const { onProgress } = options;
  if (wheels.length === 1 || !onProgress) return options;
  const sum = (some: readonly Wanted[]) =>
    some.reduce((bytes, each) => bytes + (each.bytes ?? 0), 0);
  const [before, total] = [sum(wheels.slice(0, wheels.indexOf(wanted))), sum(wheels)];
  return {
    ...options,
    onProgress: ({ phase, loaded }) => onProgress({ phase, loaded: before + loaded, total }),
  };
}

/** Whether an earlier call has brought it; what is not it is removed. */
async function isThere(folder: string, wanted: Wanted, options: FetchOptions): Promise<boolean> {
  const path = join(folder, wanted.file);
  if (!existsSync(path)) return false;
  if ((await mismatch(path, wanted, options)) === null) return true;
  await rm(path);
  return false;
}

/** Keeps `<file>.part` in the cache while it is incomplete, so that the next call can continue. */
async function fromSite(
  root: string,
  folder: string,
  wanted: Wanted,
  options: FetchOptions,
): Promise<string> {
  const { signal, onProgress } = options;
  const url = await wanted.url(signal);
  const part = join(root, `${wanted.file}.part`);
  for (;;) {
    const resumed = existsSync(part);
    await download(url, part, {
      signal,
      onProgress: (loaded, total) => onProgress?.({ phase: 'download', loaded, total }),
    });
    const problem = await mismatch(part, wanted, options);
    if (problem === null) {
      await rename(part, join(folder, wanted.file));
      return url;
    }
    await rm(part);
    if (!resumed) throw new Error(problem); // else the part may have been of another file: once more
  }
}

async function fromPip(
  folder: string,
  wheels: readonly Wanted[],
  { signal, onProgress }: FetchOptions,
  countedFor: (wanted: Wanted) => FetchOptions,
): Promise<string> {
  onProgress?.({ phase: 'pip', loaded: 0, total: null });
  const command = await pipDownload(
    folder,
    wheels.map(({ pip }) => pip),
    signal,
  );
  for (const wanted of wheels) {
    const path = join(folder, wanted.pip.file);
    if (!existsSync(path)) throw new Error(`${command}: it brought no ${wanted.pip.file}`);
    const problem = await mismatch(path, wanted, countedFor(wanted));
    if (problem !== null) {
      await rm(path);
      throw new Error(`${command}: ${problem}`);
    }
    await rename(path, join(folder, wanted.file));
  }
  return 'pip';
}

/** Null when the file has the hash, else what is wrong with it. */
async function mismatch(path: string, wanted: Wanted, { signal, onProgress }: FetchOptions) {
  const { size } = await stat(path);
  onProgress?.({ phase: 'check', loaded: 0, total: size });
  if (wanted.bytes !== undefined && size !== wanted.bytes) {
    return `the file has ${size} bytes instead of ${wanted.bytes}`;
  }
  const actual = await sha256(path, signal);
  onProgress?.({ phase: 'check', loaded: size, total: size });
  return actual === wanted.sha256
    ? null
    : `the file's SHA-256 is ${actual} instead of ${wanted.sha256}`;
}

/** Whether the cache's folder cannot be written to. */
function isOfDisk(cause: unknown): boolean {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? '';
  return ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'ENOSPC', 'EDQUOT'].includes(code);
}

/** The error of a fetch: what failed, line by line, and the one thing to do. */
export function fetchFailure(
  failures: string[],
  { cuda }: FetchOptions,
  cause?: unknown,
): BitError {
  const command = `npx bigtransfer libtorch fetch${cuda ? ' --cuda' : ''}`;
  return new BitError(
    'ERR_BIT_LIBTORCH',
    [
      'libtorch could not be fetched.',
      ...failures.map((line) => `  ${line}`),
      isOfDisk(cause)
        ? `Set BIGTRANSFER_CACHE to a folder that can be written to and has room, and run \`${command}\` again.`
        : `When the connection is back, run \`${command}\` again (it continues where it was), or set BIGTRANSFER_LIBTORCH to the directory of a libtorch.`,
    ].join('\n'),
    { cause },
  );
}
