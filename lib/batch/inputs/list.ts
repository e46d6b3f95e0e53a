// Lists of inputs: a file or a stream with a path or URL on each line.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { shorten } from '../../describe';
import { BitError } from '../../errors';
import { deniedReason } from '../../permission';
import { single, type Listed } from './listed';

/** A file's path, or a stream such as `process.stdin`. */
export type ListSource = string | NodeJS.ReadableStream;

/**
 * What a list names, each line taken as it is: folders are not looked through, and signs of globs are
 * letters. Empty lines say nothing.
 * @throws BitError ERR_BIT_CONFIG for a list that cannot be read; the signal's reason.
 */
export async function* readList(
  source: ListSource,
  { withShards = false, signal }: { withShards?: boolean; signal?: AbortSignal } = {},
): AsyncGenerator<Listed, void, undefined> {
  const input: NodeJS.ReadableStream =
    typeof source === 'string' ? createReadStream(source) : source;
  // readline does not pass a stream's errors on: they would leave it waiting.
  let failure: unknown;
  const lines = createInterface({ input, crlfDelay: Infinity });
  const end = (error?: unknown) => {
    failure = error;
    lines.close();
  };
  const stop = () => end();
  input.once('error', end);
  signal?.addEventListener('abort', stop);
  try {
    for await (const line of lines) {
      signal?.throwIfAborted();
      if (line.trim() !== '') yield single(line, withShards);
    }
    signal?.throwIfAborted();
    if (failure !== undefined) throw unreadable(source, failure);
  } finally {
    signal?.removeEventListener('abort', stop);
    input.off('error', end);
    lines.close();
  }
}

function unreadable(source: ListSource, cause: unknown): BitError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const reasons: Record<string, string> = {
    ENOENT: 'no such file',
    EISDIR: 'it is a folder',
    EACCES: 'no permission to read it',
  };
  const name = typeof source === 'string' ? shorten(source, 300) : 'of the stream';
  const why = deniedReason(cause) ?? reasons[code ?? ''] ?? message;
  return new BitError('ERR_BIT_CONFIG', `Cannot read the list ${name}: ${why}`, { cause });
}
