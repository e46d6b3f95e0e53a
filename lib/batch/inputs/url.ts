// Pictures on the web, asked for again where a failure may pass.
import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_TIMEOUT_MS } from '../../config/defaults';
import { shorten } from '../../describe';
import { BitError } from '../../errors';
import { download, type DownloadFailure } from '../../image/download';
import { HeldImage, type ReadOptions } from '../../image/input';
import { onAbort } from '../../signal';

/** Before the second time; twice as long before each one after it, half of that at random. */
const FIRST_WAIT_MS = 500;
/** The longest that a server may have us wait. */
const MOST_WAIT_MS = 30_000;
/** The longest that a timer runs. */
const MOST_DELAY_MS = 2 ** 31 - 1;
/** How many times as long as a server may be silent all that it sends may take. */
const WHOLE_TO_SILENCE = 20;

/** Read when its turn comes, up to `retries` times more after the first. */
export function urlImage(url: string, retries: number): HeldImage {
  return HeldImage.reading(url, (options) => patiently(url, retries, options));
}

async function patiently(url: string, retries: number, options: ReadOptions): Promise<Uint8Array> {
  const { signal } = options;
  for (let attempt = 0; ; attempt++) {
    try {
      return await inTime(url, options);
    } catch (error) {
      const { passes, retryAfterMs } = failureOf(error);
      if (!passes || attempt >= retries) throw error;
      const wait = FIRST_WAIT_MS * 2 ** attempt * (1 - Math.random() / 2);
      await sleep(Math.min(Math.max(wait, retryAfterMs), MOST_WAIT_MS), undefined, {
        signal,
      }).catch(() => signal?.throwIfAborted());
    }
  }
}

/** A server that sends a little now and then is given up too. */
async function inTime(
  url: string,
  { signal, timeoutMs = DEFAULT_TIMEOUT_MS }: ReadOptions,
): Promise<Uint8Array> {
  signal?.throwIfAborted();
  // Not AbortSignal.timeout() or any(): these stay, and there may be many URLs.
  const bound = new AbortController();
  const delay = Math.min(WHOLE_TO_SILENCE * timeoutMs, MOST_DELAY_MS);
  const timer = setTimeout(() => bound.abort(), delay);
  const leave = onAbort(signal, () => bound.abort());
  try {
    return await download(url, timeoutMs, bound.signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (!bound.signal.aborted) throw error;
    const seconds = (WHOLE_TO_SILENCE * timeoutMs) / 1000;
    const why = `it took more than ${seconds} s (${WHOLE_TO_SILENCE} times the option timeoutMs)`;
    throw new BitError('ERR_BIT_IMAGE', `Cannot read ${shorten(url, 300)}: ${why}`);
  } finally {
    clearTimeout(timer);
    leave();
  }
}

function failureOf(error: unknown): DownloadFailure {
  const { failure } = ((error as BitError | null)?.cause ?? {}) as { failure?: DownloadFailure };
  return failure ?? { passes: false, retryAfterMs: 0 };
}
