// Ties a native job to an AbortSignal.
import type { NativeJob } from './types';

/**
 * The job's result. When `signal` aborts first, rejects at once with the signal's reason and tells
 * the job to stop; nothing is started when it has aborted already.
 */
export async function runJob<T>(start: () => NativeJob<T>, signal?: AbortSignal): Promise<T> {
  signal?.throwIfAborted();
  const job = start();
  if (!signal) return job.promise;
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      job.cancel();
      reject(signal.reason as Error);
    };
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
