// The errors that users see: one class, a stable code, a message that says what, where and what to do.
import { describe } from './describe';
import { didYouMean } from './nearest';

export { describe };

/**
 * Stable codes of {@link BitError}; new ones may be added, none changes its meaning.
 *
 * | code | what is wrong |
 * |---|---|
 * | `ERR_BIT_CONFIG` | a field, an option, or a JSON file with impossible values |
 * | `ERR_BIT_CHECKPOINT` | files that are missing, broken, or of another model |
 * | `ERR_BIT_IMAGE` | an image that cannot be read; `index` is its place in the list |
 * | `ERR_BIT_SHAPE` | tensors or labels that do not fit the model |
 * | `ERR_BIT_DEVICE` | a device that is not there, and why; a GPU that failed |
 * | `ERR_BIT_OUT_OF_MEMORY` | no room for weights, or for the activations of one image |
 * | `ERR_BIT_DISPOSED` | a model that was disposed of |
 * | `ERR_BIT_OVERLOADED` | a full queue (`batching.maxQueue`) |
 * | `ERR_BIT_OUTPUT` | files of a batch job or a training that cannot be written, or belong to another one |
 * | `ERR_BIT_QUEUE` | a queue of batch jobs (Redis) that cannot be reached, or parts of a job that workers gave up |
 * | `ERR_BIT_TRAINING` | a training that cannot go on: its loss is no number any more, or another process of it is gone |
 * | `ERR_BIT_LIBTORCH` | no libtorch or no addon that fits; the message says what to do |
 * @category Errors
 */
export type BitErrorCode =
  | 'ERR_BIT_CONFIG'
  | 'ERR_BIT_CHECKPOINT'
  | 'ERR_BIT_IMAGE'
  | 'ERR_BIT_SHAPE'
  | 'ERR_BIT_DEVICE'
  | 'ERR_BIT_OUT_OF_MEMORY'
  | 'ERR_BIT_DISPOSED'
  | 'ERR_BIT_OVERLOADED'
  | 'ERR_BIT_OUTPUT'
  | 'ERR_BIT_QUEUE'
  | 'ERR_BIT_TRAINING'
  | 'ERR_BIT_LIBTORCH';

/**
 * Everything that this package throws or rejects with, save an aborted signal's own reason.
 * `code` is stable; `cause` holds the underlying error where there is one; `index` is the place in
 * the list of images where that applies.
 * @category Errors
 */
export class BitError extends Error {
  /** Always 'BitError': tells it apart where there are several copies of the package. */
  override readonly name = 'BitError';
  /** What kind of thing is wrong; stable. */
  readonly code: BitErrorCode;
  /** The bad image's place in the list that was given, from 0; undefined where that does not apply. */
  declare readonly index?: number;

  /** For this package's own use. */
  constructor(code: BitErrorCode, message: string, options?: { cause?: unknown; index?: number }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    if (options?.index !== undefined) this.index = options.index;
  }
}

/** The one shape of "wrong value" messages: `Expected <what> for <name> but received <value>`. */
export function invalid(
  code: BitErrorCode,
  name: string,
  expected: string,
  actual: unknown,
): BitError {
  return new BitError(code, `Expected ${expected} for ${name} but received ${describe(actual)}`);
}

/** @throws BitError ERR_BIT_CONFIG for a name in `given` that `known` lacks: it may be misspelt. */
export function refuseUnknown(kind: 'field' | 'option', given: object, known: object): void {
  const name = Object.keys(given).find((each) => !Object.hasOwn(known, each));
  if (name === undefined) return;
  const names = Object.keys(known);
  throw new BitError(
    'ERR_BIT_CONFIG',
    `Unknown ${kind} ${describe(name)}${didYouMean(name, names)}; the ${kind}s are ${names.join(', ')}`,
  );
}

/**
 * An error about one image of a list, as it is told to whoever gave the list of `count`: with the
 * image's place in front. Within the library such errors carry the place as `index` alone, so that
 * each list that holds them can count it anew; only public calls put it into words.
 */
export function inList(error: unknown, count: number): unknown {
  if (!(error instanceof BitError) || error.index === undefined) return error;
  const { code, cause, index } = error;
  return new BitError(code, `Image ${index} of ${count}: ${error.message}`, { cause, index });
}

/** Whether an error is about one image, so that others may well go through. */
export function isAboutImage(error: unknown): error is BitError {
  return (
    error instanceof BitError && (error.code === 'ERR_BIT_IMAGE' || error.code === 'ERR_BIT_SHAPE')
  );
}

/**
 * Where a public call was made from. Errors that come from native threads and callbacks have no
 * frames of their caller's: take this before anything is awaited, while they are there. They are
 * put into words only where they are shown.
 */
export class Caller {
  declare private readonly stack?: string;

  /** @param below its frame, and those of what it called, are left out. */
  constructor(below: (...args: never[]) => unknown) {
    Error.captureStackTrace?.(this, below);
  }

  /** Adds the caller's frames to those of an error of ours that lacks them; gives the same error. */
  shownIn(error: unknown): unknown {
    if (!(error instanceof BitError)) return error;
    const own = error.stack ?? `${error.name}: ${error.message}`;
    const frames = (this.stack ?? '').split('\n').slice(1);
    const missing = frames.filter((frame) => !own.includes(frame));
    error.stack = [own, ...missing].join('\n');
    return error;
  }
}

/** What `work` gives; an error of ours shows where this was called from. */
export async function forCaller<T>(work: () => Promise<T>): Promise<T> {
  const caller = new Caller(forCaller);
  try {
    return await work();
  } catch (error) {
    throw caller.shownIn(error);
  }
}
