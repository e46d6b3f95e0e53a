// Images on the web, each asked for once.
import { shorten } from '../describe';
import { BitError } from '../errors';
import { onAbort } from '../signal';
import { expectPicture, TELLING_BYTES } from './format';

/** The longest that a timer runs, about 25 days: of more Node makes a millisecond. */
const MOST_DELAY_MS = 2 ** 31 - 1;
const MAX_DOWNLOAD_BYTES = 256 * 1024 * 1024;

/** What is known of a failure, as `failure` of an error's cause. */
export interface DownloadFailure {
  /** Whether the same URL may be well a little later. */
  passes: boolean;
  /** How long the server asks to be left alone. */
  retryAfterMs: number;
}

/** Answers that say 'later' (RFC 9110, 15.5.9 and 15.6; RFC 6585, 4). */
const LATER = [408, 425, 429, 500, 502, 503, 504];

class StatusError extends Error {
  readonly failure: DownloadFailure;

  constructor({ status, headers }: Response) {
    super(`the server answered ${status}`);
    this.failure = { passes: LATER.includes(status), retryAfterMs: waitOf(headers) };
  }
}

/** Seconds or a date (RFC 9110, 10.2.3). */
function waitOf(headers: Headers): number {
  const text = headers.get('retry-after') ?? '';
  const wait = /^\d+$/.test(text) ? 1000 * Number(text) : Date.parse(text) - Date.now();
  return Number.isFinite(wait) ? Math.max(wait, 0) : 0;
}

/** Gives up when nothing has come for so long, however long all of it takes. */
class Silence {
  readonly signal: AbortSignal;
  private readonly controller = new AbortController();
  private readonly milliseconds: number;
  private readonly leave: () => void;
  private timer: NodeJS.Timeout | undefined;

  /** @param until ends it too. Not by AbortSignal.any(), which leaves something of it there for good. */
  constructor(milliseconds: number, until: AbortSignal | undefined) {
    this.milliseconds = milliseconds;
    this.signal = this.controller.signal;
    this.heard();
    this.leave = onAbort(until, () => this.controller.abort(until?.reason));
  }

  heard(): void {
    clearTimeout(this.timer);
    const seconds = this.milliseconds / 1000;
    const reason = new Error(`the server was silent for ${seconds} s (the option timeoutMs)`);
    const delay = Math.min(this.milliseconds, MOST_DELAY_MS);
    this.timer = setTimeout(() => this.controller.abort(reason), delay);
  }

  end(): void {
    clearTimeout(this.timer);
    this.leave();
  }
}

/**
 * The bytes that a URL gives, if they begin as a picture does.
 * @param text an http: or https: URL; user and password in it are sent as basic authorisation.
 * @throws BitError ERR_BIT_IMAGE saying what is wrong; the signal's reason.
 */
export async function download(
  text: string,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  signal?.throwIfAborted();
  const silence = new Silence(timeoutMs, signal);
  try {
    const { url, headers } = request(text);
    const response = await fetch(url, { headers, signal: silence.signal });
    return await bodyOf(response, silence);
  } catch (cause) {
    signal?.throwIfAborted();
    const isSilent = silence.signal.aborted;
    const why = isSilent ? (silence.signal.reason as Error) : rootOf(cause);
    if (isSilent || isOfNetwork(why))
      Object.assign(why, { failure: { passes: true, retryAfterMs: 0 } satisfies DownloadFailure });
    throw new BitError('ERR_BIT_IMAGE', `Cannot read ${shorten(text, 300)}: ${why.message}`, {
      cause: cause instanceof BitError ? undefined : why,
    });
  } finally {
    silence.end();
  }
}

/** fetch() takes no URL with a user in it. */
function request(text: string): { url: URL; headers: Record<string, string> } {
  if (!URL.canParse(text)) fail('it is not a valid URL');
  const url = new URL(text);
  const { username, password } = url;
  if (username === '' && password === '') return { url, headers: {} };
  url.username = url.password = '';
  const user = [username, password].map(decodeURIComponent).join(':');
  return { url, headers: { authorization: `Basic ${Buffer.from(user).toString('base64')}` } };
}

/** Such errors have codes: ECONNRESET, UND_ERR_SOCKET. Those of redirects without end, say, have none. */
function isOfNetwork(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return (
    typeof code === 'string' &&
    !/^(CERT_|ERR_TLS|ERR_SSL|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_INVALID)/.test(code)
  );
}

/** fetch says 'fetch failed', and why in its cause. */
function rootOf(error: unknown): Error {
  const cause = (error as Partial<Error>).cause as Partial<Error> | undefined;
  return typeof cause?.message === 'string' && cause.message !== ''
    ? (cause as Error)
    : (error as Error);
}

/** Stops, and lets go of the connection, where the answer is an error, too large or no picture. */
async function bodyOf(response: Response, silence: Silence): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    if (!response.ok) throw new StatusError(response);
    expectSize(Number(response.headers.get('content-length') ?? 0));
    let isKnown = false;
    for await (const chunk of chunksOf(response)) {
      silence.heard();
      chunks.push(chunk);
      expectSize((size += chunk.length));
      if (isKnown || size < TELLING_BYTES) continue;
      expectPicture(Buffer.concat(chunks));
      isKnown = true;
    }
    if (size === 0) fail('Expected an encoded image but received no bytes');
    if (!isKnown) expectPicture(Buffer.concat(chunks));
  } catch (error) {
    await response.body?.cancel().catch(() => undefined); // it may be locked, or have failed
    throw error;
  }
  return Buffer.concat(chunks);
}

function expectSize(size: number): void {
  if (size > MAX_DOWNLOAD_BYTES) fail(`it is larger than ${MAX_DOWNLOAD_BYTES} bytes`);
}

/** Node's own streams iterate; the DOM's type does not say so. */
function chunksOf(response: Response): AsyncIterable<Uint8Array> {
  return (response.body ?? new Blob([]).stream()) as unknown as AsyncIterable<Uint8Array>;
}

function fail(message: string): never {
  throw new BitError('ERR_BIT_IMAGE', message);
}
