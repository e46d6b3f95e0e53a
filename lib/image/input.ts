// What a user calls an image, told apart and read up to the point of decoding.
import { open, readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Sharp } from 'sharp';
import { unshared } from '../binding/unshared';
import { BitError, describe } from '../errors';

/** Interleaved uint8 rows of 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA) channels. */
export interface RawPixels {
  data: Uint8Array | Uint8ClampedArray;
  width: number;
  height: number;
  channels: number;
}

/**
 * A path, a file:, http(s): or data: URL, an encoded image in memory, a sharp instance (decoded with
 * its own settings), or raw pixels.
 */
export type ImageInput = string | URL | Uint8Array | ArrayBuffer | Sharp | RawPixels;

/** Raw pixels, or what sharp can decode. */
export type Readable = { raw: RawPixels } | { encoded: Uint8Array } | { sharp: Sharp };

/** Time for a download, and the most bytes that it may have. */
const DOWNLOAD_TIMEOUT_MS = 60_000;
const MAX_DOWNLOAD_BYTES = 256 * 1024 * 1024;

const brand = (value: unknown) => Object.prototype.toString.call(value).slice(8, -1);

/** What a library threw, in words; its Error may be another realm's. */
export function messageOf(cause: unknown): string {
  const message = (cause as Partial<Error> | null)?.message;
  return typeof message === 'string' ? message : String(cause);
}

function fail(message: string, cause?: unknown): never {
  throw new BitError('ERR_BIT_IMAGE', message, { cause });
}

/**
 * Reads files and downloads.
 * @throws BitError ERR_BIT_IMAGE saying what is wrong with which path; the signal's reason.
 */
export async function readInput(input: ImageInput, signal?: AbortSignal): Promise<Readable> {
  if (typeof input === 'string') return readText(input, signal);
  if (brand(input) === 'URL') return readText((input as URL).href, signal);
  if (brand(input) === 'Uint8Array') return { encoded: notEmpty(input as Uint8Array) };
  if (brand(input) === 'ArrayBuffer' || brand(input) === 'SharedArrayBuffer')
    return { encoded: notEmpty(new Uint8Array(input as ArrayBuffer)) };
  if (isSharp(input)) return { sharp: input };
  return { raw: checkRaw(input) };
}

function notEmpty(bytes: Uint8Array): Uint8Array {
  return bytes.length > 0
    ? unshared(bytes)
    : fail('Expected an encoded image but received no bytes');
}

/** By what it can do: a second copy of sharp is sharp too. */
function isSharp(value: unknown): value is Sharp {
  const methods = value as Partial<Record<'clone' | 'raw' | 'metadata', unknown>> | null;
  if (typeof methods !== 'object' || methods === null) return false;
  return [methods.clone, methods.raw, methods.metadata].every((each) => typeof each === 'function');
}

async function readText(text: string, signal?: AbortSignal): Promise<Readable> {
  if (/^https?:/i.test(text)) return { encoded: await download(text, signal) };
  if (/^data:/i.test(text)) return { encoded: decodeDataUrl(text) };
  if (text === '' || text.includes('\0'))
    fail(`Expected a path or URL but received ${describe(text)}`);
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(text) && !/^file:/i.test(text))
    fail(`Expected a path or a file:, http:, https: or data: URL but received ${describe(text)}`);
  return { encoded: await readPath(text, signal) };
}

async function readPath(text: string, signal?: AbortSignal): Promise<Uint8Array> {
  try {
    const path = /^file:/i.test(text) ? fileURLToPath(text) : text;
    const kind = await stat(path);
    if (kind.isCharacterDevice() || kind.isBlockDevice())
      fail(`Cannot read ${text}: it is a device`);
    // It would hold one of the process's few threads for files until somebody writes.
    if (kind.isFIFO())
      fail(`Cannot read ${text}: it is a pipe; read it yourself and give the bytes`);
    signal?.throwIfAborted();
    return notEmpty(
      (kind.isFile() && (await readWhole(path, kind.size))) || (await readFile(path, { signal })),
    );
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof BitError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    const reasons: Record<string, string> = {
      ENOENT: 'no such file',
      EISDIR: 'it is a folder',
      EACCES: 'no permission to read it',
    };
    fail(`Cannot read ${text}: ${reasons[code ?? ''] ?? message}`, cause);
  }
}

/**
 * A file of `size` bytes, in fewer steps than readFile takes, each of which waits for a thread;
 * null where it has another size by now, or none, as those of /proc.
 */
async function readWhole(path: string, size: number): Promise<Uint8Array | null> {
  const file = await open(path);
  try {
    const bytes = Buffer.allocUnsafeSlow(size);
    const { bytesRead } = await file.read(bytes, 0, size, 0);
    return bytesRead === size && size > 0 ? bytes : null;
  } finally {
    // Nobody waits for it, and nothing was written that could be lost.
    file.close().catch(() => undefined);
  }
}

function decodeDataUrl(url: string): Uint8Array {
  const comma = url.indexOf(',');
  if (comma < 0) fail(`A data: URL needs a comma before its data: ${describe(url)}`);
  const isBase64 = /;\s*base64\s*$/i.test(url.slice(0, comma));
  const body = percentBytes(url.slice(comma + 1));
  if (isBase64 && !/^[\w+/\s-]*=*\s*$/.test(body))
    fail(`A base64 data: URL holds something else: ${describe(url)}`);
  return notEmpty(Buffer.from(body, isBase64 ? 'base64' : 'latin1'));
}

/** One latin-1 character for each byte: an image is not UTF-8. */
function percentBytes(body: string): string {
  return body.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  );
}

async function download(url: string, signal?: AbortSignal): Promise<Uint8Array> {
  const timeout = AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS);
  try {
    const response = await fetch(url, {
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    return notEmpty(await bodyOf(response, url));
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof BitError) throw cause;
    // fetch says 'fetch failed', and why in its cause.
    fail(`Cannot read ${url}: ${messageOf((cause as Error).cause ?? cause)}`, cause);
  }
}

/** Stops, and lets go of the connection, where the answer is an error or too large. */
async function bodyOf(response: Response, url: string): Promise<Uint8Array> {
  const tooLarge = `Cannot read ${url}: it is larger than ${MAX_DOWNLOAD_BYTES} bytes`;
  const announced = Number(response.headers.get('content-length') ?? 0);
  if (!response.ok || announced > MAX_DOWNLOAD_BYTES) {
    await response.body?.cancel();
    fail(response.ok ? tooLarge : `Cannot read ${url}: the server answered ${response.status}`);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunksOf(response)) {
    size += chunk.length;
    if (size > MAX_DOWNLOAD_BYTES) fail(tooLarge);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Node's own streams iterate; the DOM's type does not say so. */
function chunksOf(response: Response): AsyncIterable<Uint8Array> {
  return (response.body ?? new Blob([]).stream()) as unknown as AsyncIterable<Uint8Array>;
}

function checkRaw(value: unknown): RawPixels {
  const raw = value as Partial<RawPixels> | null;
  const isBytes = ['Uint8Array', 'Uint8ClampedArray'].includes(brand(raw?.data));
  if (typeof raw !== 'object' || raw === null || !isBytes) {
    const kinds =
      'a path, a URL, encoded bytes, a sharp instance or { data, width, height, channels }';
    fail(`Expected ${kinds} but received ${describe(value)}`);
  }
  const { data, width, height, channels } = raw as RawPixels;
  const areSizes = [width, height].every((side) => Number.isSafeInteger(side) && side > 0);
  if (!areSizes || ![1, 2, 3, 4].includes(channels)) {
    const given = describe({ width, height, channels });
    fail(`Expected positive sizes and 1 to 4 channels for raw pixels but received ${given}`);
  }
  if (data.length !== width * height * channels) {
    fail(
      `Expected ${width} x ${height} x ${channels} bytes of raw pixels but received ${data.length}`,
    );
  }
  return { data: unshared(data), width, height, channels };
}
