// Failures of loads and calls, told to those who listen.
import { reportError, type ErrorEvent } from '../diagnostics';
import { Caller } from '../errors';

/** Publishes what `work` rejects with, and shows its caller there, unless that has stopped it. */
export async function reportingFailure<T>(
  event: Pick<ErrorEvent, 'model' | 'operation'>,
  isStopped: (error: unknown) => boolean,
  work: () => Promise<T>,
): Promise<T> {
  const caller = new Caller(reportingFailure);
  try {
    return await work();
  } catch (error) {
    if (!isStopped(error)) reportError({ ...event, error: caller.shownIn(error) });
    throw error;
  }
}

/** Whether the caller's signal has aborted, to be asked when the work has failed. */
export const isAborted = (options: { signal?: AbortSignal } | null | undefined) => () =>
  options?.signal?.aborted === true;
