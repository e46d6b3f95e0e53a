// Lists of inputs: a file or a stream with a path or URL on each line.
import { createReadStream } from 'node:fs';
import { addAbortSignal, type Readable } from 'node:stream';
import type { Check } from '../../config/checks';
import { shorten } from '../../describe';
import { BitError } from '../../errors';
import { whyUnreadable } from '../../image/file';
import { linesOf } from './lines';
import { single, type Listed } from './listed';

/**
 * A file's path, or a stream such as `process.stdin`.
 * @category Batch jobs
 */
export type ListSource = string | NodeJS.ReadableStream;

export const listSource: Check = {
  expected: 'a path or a readable stream',
  test: (value) => typeof value === 'string' || isStream(value),
};

const isStream = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  Symbol.asyncIterator in value &&
  typeof (value as Partial<Readable>).pipe === 'function';

/**
 * What a list names, each line taken as it is: folders are not looked through, and signs of globs are
 * letters. Empty lines say nothing. A stream is read to its end, or destroyed where that is not asked for.
 * @throws BitError ERR_BIT_CONFIG for a list that cannot be read; the signal's reason.
 */
export async function* readList(
  source: ListSource,
  { withShards = false, signal }: { withShards?: boolean; signal?: AbortSignal } = {},
): AsyncGenerator<Listed, void, undefined> {
  signal?.throwIfAborted();
  const input = typeof source === 'string' ? createReadStream(source) : (source as Readable);
  // A silent stream ends too when the signal says so.
  if (signal) addAbortSignal(signal, input);
  try {
    for await (const line of linesOf(input)) {
      signal?.throwIfAborted();
      if (line.trim() !== '') yield single(line, withShards);
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw unreadable(source, error);
  }
}

function unreadable(source: ListSource, cause: unknown): BitError {
  const isClosed = (cause as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE';
  const why = isClosed ? 'it was closed before its end' : whyUnreadable(cause);
  const name = typeof source === 'string' ? shorten(source, 300) : 'of the stream';
  return new BitError('ERR_BIT_CONFIG', `Cannot read the list ${name}: ${why}`, { cause });
}
