// AbortSignals as they come from callers.
import { invalid } from './errors';

/** What `work` gives, or the signal's reason as soon as it aborts; `work` then goes on unseen. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (stop) signal.removeEventListener('abort', stop);
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
