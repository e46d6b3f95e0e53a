// The one loop over batches: some under way at once, results in the order of what they are made of.
import { onAbort, orAborted, throwIfAborted } from '../signal';

/**
 * Batches that are decoded while one is computed on a GPU: the one that comes next, and one more for
 * when that turns out quick to decode.
 */
export const BATCHES_AHEAD = 2;

export interface InOrderOptions {
  /** Runs under way while the result of one is awaited. */
  ahead: number;
  /** Ends it, also while `inputs` keep it waiting. */
  signal?: AbortSignal;
}

/**
 * The result of `run` for each of `inputs`, which are taken one by one as runs begin: there may be
 * any number of them. Runs that nobody waits for any more are told by their signal.
 * @throws the first failure in order, of `inputs` or of a run, once what was started has ended.
 */
export async function* inOrder<Input, Result>(
  inputs: Iterable<Input> | AsyncIterable<Input>,
  run: (input: Input, signal: AbortSignal) => Promise<Result>,
  { ahead, signal }: InOrderOptions,
): AsyncGenerator<Result, void, undefined> {
  const iterator = iteratorOf(inputs);
  const stopped = new AbortController();
  const leave = onAbort(signal, () => stopped.abort(signal?.reason));
  const running = new Set<Promise<Result>>();
  const started: Promise<{ result: Result } | null>[] = [];
  let isTaking = false;
  let isAtEnd = false;
  const start = async (): Promise<{ result: Result } | null> => {
    isTaking = true;
    const { done, value } = await iterator.next();
    isTaking = false;
    isAtEnd = done === true || stopped.signal.aborted;
    if (isAtEnd) return null;
    const result = run(value as Input, stopped.signal);
    running.add(result);
    startMore();
    try {
      return { result: await result };
    } finally {
      running.delete(result);
    }
  };
  /** One input after the other, however many may be under way: there may be none left. */
  const startMore = () => {
    if (isTaking || isAtEnd || started.length > ahead) return;
    const next = start();
    // The first failure is thrown where its turn comes; what fails after it is nobody's.
    next.catch(() => undefined);
    started.push(next);
  };
  try {
    for (;;) {
      throwIfAborted(signal);
      startMore();
      const next = await orAborted(started[0] as (typeof started)[0], signal);
      if (next === null) return;
      started.shift();
      yield next.result;
    }
  } finally {
    leave();
    stopped.abort(new Error('nobody waits for it any more'));
    await Promise.allSettled(running);
    // Not awaited: it may be waiting for an input that never comes.
    void close(iterator).catch(() => undefined);
  }
}

function iteratorOf<T>(inputs: Iterable<T> | AsyncIterable<T>): Iterator<T> | AsyncIterator<T> {
  return Symbol.asyncIterator in inputs
    ? inputs[Symbol.asyncIterator]()
    : inputs[Symbol.iterator]();
}

async function close(iterator: Iterator<unknown> | AsyncIterator<unknown>): Promise<void> {
  await iterator.return?.();
}
