// Lists of inputs: a file or a stream with a path or URL on each line.
import { createReadStream } from 'node:fs';
import { addAbortSignal, type Readable } from 'node:stream';
import type { Check } from '../../config/checks';
import { shorten } from '../../describe';
import { BitError } from '../../errors';
import { whyUnreadable } from '../../image/file';
import { linesOf } from './lines';
import { single, type Listed } from './listed';

/** Of the beginning of a list, in bytes: it tells what is no text. */
const TELLING = 512;

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
    for await (const line of linesOf(textOf(input))) {
      signal?.throwIfAborted();
      if (line.trim() !== '') yield single(line, withShards);
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw unreadable(source, error);
  }
}

/** What begins like UTF-16, a picture or something compressed would be rows of nonsense. */
async function* textOf(input: AsyncIterable<Uint8Array | string>) {
  let isFirst = true;
  for await (const piece of input) {
    if (isFirst) expectText(piece);
    isFirst = false;
    yield piece;
  }
}

function expectText(piece: Uint8Array | string): void {
  const begin = piece.slice(0, TELLING);
  if (typeof begin === 'string' ? begin.includes('\0') : begin.includes(0))
    throw new Error('it is no text in UTF-8, of a path or URL on each line');
}

function unreadable(source: ListSource, cause: unknown): BitError {
  const isClosed = (cause as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE';
  const why = isClosed ? 'it was closed before its end' : whyUnreadable(cause);
  const name = typeof source === 'string' ? shorten(source, 300) : 'of the stream';
  return new BitError('ERR_BIT_CONFIG', `Cannot read the list ${name}: ${why}`, { cause });
}
