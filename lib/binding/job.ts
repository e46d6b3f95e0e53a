// Ties a native job to an AbortSignal.
import { getMaxListeners, setMaxListeners } from 'node:events';
import { throwIfAborted } from '../signal';
import type { NativeJob } from './types';

/** Node warns of leaks at 11 listeners, but one signal may well stop hundreds of calls. */
const MAX_LISTENERS = 10_000;

/**
 * The job's result. When `signal` aborts first, rejects at once with the signal's reason and tells
 * the job to stop; nothing is started when it has aborted already.
 */
export async function runJob<T>(start: () => NativeJob<T>, signal?: AbortSignal): Promise<T> {
  throwIfAborted(signal);
  const job = start();
  if (!signal) return job.promise;
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      job.cancel();
      reject(signal.reason as Error);
    };
    allowListeners(signal);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  // When the signal won, the job's own rejection has nobody left to hear it.
  job.promise.catch(() => undefined);
  try {
    return await Promise.race([job.promise, aborted]);
  } finally {
    if (onAbort) signal.removeEventListener('abort', onAbort);
  }
}

function allowListeners(signal: AbortSignal): void {
  try {
    if (getMaxListeners(signal) < MAX_LISTENERS) setMaxListeners(MAX_LISTENERS, signal);
  } catch {
    // A browser's signal, as in Electron's renderer, knows no limit.
  }
}
