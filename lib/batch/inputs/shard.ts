// Files that hold many pictures: what is said of one that cannot be read.
import { shorten } from '../../describe';
import { BitError } from '../../errors';
import { deniedReason } from '../../permission';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EISDIR: 'it is a folder',
  EACCES: 'no permission to read it',
};

/** The error of a shard's own row. */
export function shardProblem(path: string, cause: unknown): BitError {
  const { code, message } = (typeof cause === 'string' ? {} : cause) as NodeJS.ErrnoException;
  const why =
    typeof cause === 'string' ? cause : (deniedReason(cause) ?? REASONS[code ?? ''] ?? message);
  const text = `Cannot read all of the shard ${shorten(path, 300)}: ${why}`;
  return new BitError('ERR_BIT_IMAGE', text, {
    cause: typeof cause === 'string' ? undefined : cause,
  });
}
