// AbortSignals as they come from callers.
import { invalid } from './errors';

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
