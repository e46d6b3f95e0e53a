// Images in files: looked at before they are read, and never read without bounds.
import { open, stat, type FileHandle } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { shorten } from '../describe';
import { BitError } from '../errors';
import { deniedReason } from '../permission';
import { expectPicture, TELLING_BYTES } from './format';

/** The most bytes of an encoded image, in a file or in memory: 1 GiB. */
export const MAX_ENCODED_BYTES = 1024 ** 3;
/** What is read at a time of a file that does not tell its size, such as those of /proc. */
const CHUNK_BYTES = 1024 ** 2;
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file: a part of its path is no folder',
  EISDIR: 'it is a folder',
  ELOOP: 'this link leads to itself',
  EACCES: 'no permission to read it',
  ENAMETOOLONG: 'no such file, and none can have so long a name',
};

/** Why a file cannot be read, in words. */
export function whyUnreadable(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  return deniedReason(cause) ?? REASONS[code ?? ''] ?? message;
}

/**
 * The bytes of a file that begins as a picture does.
 * @param text a path or a file: URL.
 * @throws BitError ERR_BIT_IMAGE saying what is wrong with it; the signal's reason.
 */
export async function readPicture(text: string, signal?: AbortSignal): Promise<Uint8Array> {
  try {
    const path = /^\s*file:/i.test(text) ? fileURLToPath(text.trim()) : text;
    await expectFile(path);
    signal?.throwIfAborted();
    const file = await open(path);
    try {
      return await readAll(file, signal);
    } finally {
      // Nobody waits for it, and nothing was written that could be lost.
      file.close().catch(() => undefined);
    }
  } catch (cause) {
    signal?.throwIfAborted();
    throw new BitError(
      'ERR_BIT_IMAGE',
      `Cannot read ${shorten(text, 300)}: ${whyUnreadable(cause)}`,
      {
        cause: cause instanceof BitError ? undefined : cause,
      },
    );
  }
}

/** @throws what says that it is no file with bytes to read: a pipe would keep whoever opens it waiting. */
export async function expectFile(path: string): Promise<void> {
  const kind = await stat(path);
  if (kind.isCharacterDevice() || kind.isBlockDevice()) fail('it is a device');
  // It would hold one of the process's few threads for files until somebody writes.
  if (kind.isFIFO()) fail('it is a pipe; read it yourself and give the bytes');
  if (kind.isSocket()) fail('it is a socket');
  if (kind.isDirectory()) fail('it is a folder');
}

async function readAll(file: FileHandle, signal?: AbortSignal): Promise<Uint8Array> {
  const { size } = await file.stat();
  // In one step where it is small: each waits for a thread.
  const first = Buffer.allocUnsafeSlow(Math.min(Math.max(size, TELLING_BYTES), CHUNK_BYTES));
  const begun = await fill(file, first, 0, signal);
  if (begun === 0) fail('Expected an encoded image but received no bytes');
  expectPicture(first.subarray(0, begun));
  if (size > MAX_ENCODED_BYTES) fail(tooLarge(size));
  // A small file leaves room behind it, which nothing was written to.
  if (begun < first.length) return first.subarray(0, begun);
  if (begun === size) return first;
  return size > begun ? readRest(file, first, size, signal) : readOn(file, first, signal);
}

/** A file that tells its size; one that has shrunk since then ends where it does. */
async function readRest(file: FileHandle, first: Buffer, size: number, signal?: AbortSignal) {
  const bytes = Buffer.allocUnsafeSlow(size);
  first.copy(bytes);
  const end = first.length + (await fill(file, bytes.subarray(first.length), first.length, signal));
  return bytes.subarray(0, end);
}

/** A file that does not. */
async function readOn(file: FileHandle, first: Buffer, signal?: AbortSignal): Promise<Uint8Array> {
  const chunks = [first];
  for (let total = first.length; ;) {
    const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    const read = await fill(file, chunk, total, signal);
    chunks.push(chunk.subarray(0, read));
    total += read;
    if (total > MAX_ENCODED_BYTES) fail(tooLarge(total));
    if (read < chunk.length) return Buffer.concat(chunks);
  }
}

/** Bytes that there are from `position`, at most as many as `bytes` has room for. */
async function fill(
  file: FileHandle,
  bytes: Buffer,
  position: number,
  signal?: AbortSignal,
): Promise<number> {
  let filled = 0;
  while (filled < bytes.length) {
    signal?.throwIfAborted();
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

export function tooLarge(size: number): string {
  return `it has ${size} bytes, and encoded images may have ${MAX_ENCODED_BYTES}`;
}

function fail(message: string): never {
  throw new BitError('ERR_BIT_IMAGE', message);
}
