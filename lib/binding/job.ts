// Ties a native job to an AbortSignal, and to the others of its model.
import { onAbort, throwIfAborted } from '../signal';
import type { NativeJob } from './types';

/** Jobs that can be stopped together. */
export class JobGroup {
  private readonly stops = new Set<(reason: unknown) => void>();

  add(stop: (reason: unknown) => void): void {
    this.stops.add(stop);
  }

  delete(stop: (reason: unknown) => void): void {
    this.stops.delete(stop);
  }

  /** Rejects them all with `reason`, at once. */
  stop(reason: unknown): void {
    for (const stop of [...this.stops]) stop(reason);
  }
}

/**
 * The job's result. When `signal` aborts first, rejects at once with the signal's reason and tells
 * the job to stop; nothing is started when it has aborted already. `arrived` is called with a
 * result in any case.
 */
export function runJob<T>(
  start: () => NativeJob<T>,
  signal?: AbortSignal,
  group?: JobGroup,
  arrived?: (result: T) => void,
): Promise<T> {
  // One promise for all of it: each more, and each that one waits for, is felt by small models.
  return new Promise<T>((resolve, reject) => {
    throwIfAborted(signal);
    const job = start();
    const stop = (reason: unknown) => {
      job.cancel();
      reject(reason as Error);
    };
    const stopListening = onAbort(signal, () => stop(signal?.reason));
    const leave = () => {
      stopListening();
      group?.delete(stop);
    };
    group?.add(stop);
    job.promise.then(
      (result) => {
        arrived?.(result);
        resolve(result);
        leave();
      },
      (error: unknown) => {
        reject(error as Error);
        leave();
      },
    );
  });
}
