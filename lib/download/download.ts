// Downloads one file by HTTP: resumes what is there, notices stalls, gives up after a few attempts.

import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { setTimeout as sleep } from 'node:timers/promises';
import { isNativeError } from 'node:util/types';
import { StallTimer } from './stall_timer';

export interface DownloadOptions {
  /** Bytes that are here, bytes that there are (null where the server does not tell). */
  onProgress?: (loaded: number, total: number | null) => void;
  signal?: AbortSignal;
  /** Sent with the request; `authorization` does not follow a redirect to another host. */
  headers?: Record<string, string>;
}

/** Attempts in a row that bring nothing new: with the pauses, five seconds of an unreachable server. */
const ATTEMPTS = 5;
/** After the first attempt; each pause is longer by as much. */
const PAUSE_MS = 500;

/** An answer that is not the file. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    readonly headers: Headers,
  ) {
    super(
      `the server answered ${status}${headers.has('x-error-message') ? ` (${headers.get('x-error-message')})` : ''}`,
    );
  }

  /** Whether the server may answer otherwise a moment later. */
  get isPassing(): boolean {
    return this.status >= 500 || this.status === 408 || this.status === 429;
  }
}

/**
 * Downloads `url` into `path`, continuing from the bytes that `path` already has.
 * Rejects after a few attempts that brought nothing new, at once where trying again is no use
 * (no such host, refused, 404), and with the signal's reason when aborted.
 */
export async function download(
  url: string,
  path: string,
  options: DownloadOptions = {},
): Promise<void> {
  let size = await sizeOf(path);
  for (let attempt = 1; ; attempt++) {
    try {
      return await attemptDownload(url, path, size, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      const now = await sizeOf(path);
      if (now > size) attempt = 0; // it moves on: only attempts in vain count
      size = now;
      if (isHopeless(error) || attempt >= ATTEMPTS) throw error;
      await sleep(PAUSE_MS * attempt);
    }
  }
}

async function attemptDownload(url: string, path: string, start: number, options: DownloadOptions) {
  const stall = new StallTimer(options.signal);
  try {
    const response = await fetch(url, {
      headers: {
        ...options.headers,
        // Lengths and ranges count the bytes that are sent.
        'accept-encoding': 'identity',
        ...(start > 0 ? { range: `bytes=${start}-` } : {}),
      },
      signal: stall.signal,
    });
    if (response.status === 416) return await settleRange(response, path, start);
    if (!response.ok || !response.body) throw new HttpError(response.status, response.headers);
    const resumed = response.status === 206 && startOfRange(response) === start;
    if (response.status === 206 && !resumed)
      throw new Error('the server sent another range than asked for');
    await receive(response, path, resumed ? start : 0, stall, options);
  } finally {
    stall.end();
  }
}

async function receive(
  response: Response,
  path: string,
  start: number,
  stall: StallTimer,
  { onProgress }: DownloadOptions,
) {
  const length = Number(response.headers.get('content-length') ?? Number.NaN);
  const total = Number.isFinite(length) ? start + length : null;
  let loaded = start;
  onProgress?.(loaded, total);
  const body = Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
  body.on('data', (chunk: Uint8Array) => {
    stall.restart();
    loaded += chunk.byteLength;
    onProgress?.(loaded, total);
  });
  await pipeline(body, createWriteStream(path, { flags: start > 0 ? 'a' : 'w' }));
  if (total !== null && loaded < total)
    throw new Error(`the connection ended after ${loaded} of ${total} bytes`);
}

/** 416: nothing lies beyond our bytes. Fine when we have them all, else what we have is wrong. */
async function settleRange(response: Response, path: string, start: number): Promise<void> {
  const total = Number(/\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1]);
  if (total === start) return;
  await rm(path, { force: true });
  throw new Error('what was there of the file is not the start of it');
}

function startOfRange(response: Response): number | null {
  const found = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '');
  return found ? Number(found[1]) : null;
}

const HOPELESS = [
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ENOSPC',
  'EACCES',
];

/** Errors that stay the same a second later. */
function isHopeless(error: unknown): boolean {
  if (error instanceof HttpError) return !error.isPassing;
  const code = (rootCause(error) as NodeJS.ErrnoException).code ?? '';
  return HOPELESS.includes(code) || code.startsWith('ERR_TLS') || code.includes('CERT');
}

/** `fetch` says "fetch failed" and keeps the reason in its causes; several addresses, several errors. */
export function rootCause(error: unknown): Error {
  let current: unknown = error;
  for (;;) {
    const { cause, errors } = current as { cause?: unknown; errors?: unknown[] };
    const deeper = errors?.[0] ?? cause;
    if (!isNativeError(deeper))
      return isNativeError(current) ? current : new Error(String(current));
    current = deeper;
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}

/** SHA-256 of a file, as hexadecimal. */
export async function sha256(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash, { signal });
  return hash.digest('hex');
}
