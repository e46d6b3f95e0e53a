// AbortSignals as they come from callers.
import { getMaxListeners, setMaxListeners } from 'node:events';
import { invalid } from './errors';

/** Node warns of leaks at 11 listeners, but one signal may well stop hundreds of calls. */
const MAX_LISTENERS = 10_000;

/**
 * Calls `stop` once when the signal aborts, until that is taken back.
 * @returns takes it back.
 */
export function onAbort(signal: AbortSignal | undefined, stop: () => void): () => void {
  if (!signal) return () => undefined;
  allowListeners(signal);
  signal.addEventListener('abort', stop, { once: true });
  return () => signal.removeEventListener('abort', stop);
}

function allowListeners(signal: AbortSignal): void {
  try {
    if (getMaxListeners(signal) < MAX_LISTENERS) setMaxListeners(MAX_LISTENERS, signal);
  } catch {
    // A browser's signal, as in Electron's renderer, knows no limit.
  }
}

/** What `work` gives, or the signal's reason as soon as it aborts; `work` then goes on unseen. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  let leave: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    leave = onAbort(signal, () => reject(signal.reason as Error));
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    leave?.();
  }
}

/**
 * @throws the signal's reason when it has aborted; BitError ERR_BIT_CONFIG when it is no signal, as
 * other realms' and libraries' are by what they can do.
 */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal === undefined) return;
  const methods = signal as Partial<AbortSignal> | null;
  if (
    typeof methods?.throwIfAborted !== 'function' ||
    typeof methods.addEventListener !== 'function' ||
    typeof methods.removeEventListener !== 'function'
  )
    throw invalid('ERR_BIT_CONFIG', 'signal', 'an AbortSignal', signal);
  signal.throwIfAborted();
}
