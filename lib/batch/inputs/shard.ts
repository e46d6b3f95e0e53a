// Files that hold many pictures: what is said of one that cannot be read.
import { shorten } from '../../describe';
import { BitError } from '../../errors';
import { whyUnreadable } from '../../image/file';

/** The error of a shard's own row. */
export function shardProblem(path: string, cause: unknown): BitError {
  const isText = typeof cause === 'string';
  const why = isText ? cause : whyUnreadable(cause);
  const text = `Cannot read all of the shard ${shorten(path, 300)}: ${why}`;
  return new BitError('ERR_BIT_IMAGE', text, { cause: isText ? undefined : cause });
}
