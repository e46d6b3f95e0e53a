// The wheel that libtorch comes in: which one is wanted, and how it gets here, checked.

import { existsSync } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { FetchOptions } from '../config/libtorch_options';
import { withoutSecrets } from '../describe';
import { BitError } from '../errors';
import { download, rootCause, sha256 } from '../download/download';
import { pipDownload } from './pip';
import { PINNED } from './versions';

/** What is to be fetched, and the hash that it must have. */
export interface Wanted {
  url: string;
  file: string;
  sha256: string;
}

/** A wheel on disk that has the right hash. */
interface Wheel {
  path: string;
  from: string;
}

/** The pinned wheel, or the one that the option or the environment names. */
export function wantedWheel({ url }: FetchOptions): Wanted {
  const { BIGTRANSFER_LIBTORCH_URL, BIGTRANSFER_LIBTORCH_SHA256 } = process.env;
  const place = url || BIGTRANSFER_LIBTORCH_URL || PINNED.url;
  if (!URL.canParse(place)) throw fetchFailure([`${withoutSecrets(place)} is not a URL`]);
  const file = decodeURIComponent(basename(new URL(place).pathname)).replace(/[^\w.+-]/g, '_');
  const hash = (BIGTRANSFER_LIBTORCH_SHA256 || PINNED.sha256).toLowerCase();
  return { url: place, file: file || PINNED.file, sha256: hash };
}

/** From the site, else through pip; a wheel with another hash counts as a failure. */
export async function obtainWheel(
  root: string,
  temporary: string,
  wanted: Wanted,
  options: FetchOptions,
) {
  const failures: string[] = [];
  const ways = [
    () => fromSite(root, temporary, wanted, options),
    () => fromPip(temporary, options),
  ];
  for (const way of ways) {
    try {
      return await way();
    } catch (error) {
      options.signal?.throwIfAborted();
      failures.push(rootCause(error).message);
    }
  }
  throw fetchFailure([`${withoutSecrets(wanted.url)}: ${failures[0]}`, ...failures.slice(1)]);
}

/** Keeps `<file>.part` in the cache while it is incomplete, so that the next call can continue. */
async function fromSite(
  root: string,
  temporary: string,
  wanted: Wanted,
  options: FetchOptions,
): Promise<Wheel> {
  const { signal, onProgress } = options;
  const part = join(root, `${wanted.file}.part`);
  const path = join(temporary, wanted.file);
  for (;;) {
    const resumed = existsSync(part);
    await download(wanted.url, part, {
      signal,
      onProgress: (loaded, total) => onProgress?.({ phase: 'download', loaded, total }),
    });
    await rename(part, path);
    const problem = await mismatch(path, wanted.sha256, options);
    if (problem === null) return { path, from: wanted.url };
    await rm(path);
    if (!resumed) throw new Error(problem); // else the part may have been of another file: once more
  }
}

async function fromPip(temporary: string, options: FetchOptions): Promise<Wheel> {
  options.onProgress?.({ phase: 'pip', loaded: 0, total: null });
  const command = await pipDownload(temporary, options.signal);
  const path = join(temporary, PINNED.file);
  if (!existsSync(path)) throw new Error(`${command}: it brought no ${PINNED.file}`);
  const expected = process.env['BIGTRANSFER_LIBTORCH_SHA256']?.toLowerCase() || PINNED.sha256;
  const problem = await mismatch(path, expected, options);
  if (problem !== null) throw new Error(`${command}: ${problem}`);
  return { path, from: 'pip' };
}

/** Null when the file has the hash, else what is wrong with it. */
async function mismatch(path: string, expected: string, { signal, onProgress }: FetchOptions) {
  const { size } = await stat(path);
  onProgress?.({ phase: 'check', loaded: 0, total: size });
  if (expected === PINNED.sha256 && size !== PINNED.bytes) {
    return `the file has ${size} bytes instead of ${PINNED.bytes}`;
  }
  const actual = await sha256(path, signal);
  onProgress?.({ phase: 'check', loaded: size, total: size });
  return actual === expected ? null : `the file's SHA-256 is ${actual} instead of ${expected}`;
}

/** The error of a fetch: what failed, line by line, and the one thing to do. */
export function fetchFailure(failures: string[], cause?: unknown): BitError {
  return new BitError(
    'ERR_BIT_LIBTORCH',
    [
      `libtorch ${PINNED.version} could not be fetched.`,
      ...failures.map((line) => `  ${line}`),
      'When the connection is back, run `npx bigtransfer libtorch fetch` again (it continues where it was), or set BIGTRANSFER_LIBTORCH to the directory of a libtorch.',
    ].join('\n'),
    { cause },
  );
}
