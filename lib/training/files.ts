// Files of a run's folder, and errors that say which one it was.
import { BitError } from '../errors';
import { deniedReason } from '../permission';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder',
  ENOTDIR: 'a part of its path is no folder',
  EEXIST: 'a part of its path is a file',
  EISDIR: 'it is a folder',
  EACCES: 'no permission there',
  EPERM: 'no permission there',
  EROFS: 'it is read-only there',
  ENOSPC: 'no space is left there',
  EDQUOT: 'the quota there is used up',
};

/** @throws BitError ERR_BIT_OUTPUT that names `path`, for what the system says; BitErrors as they are, but for its code. */
export async function explainWrites<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException;
    if (cause instanceof BitError && code !== 'ERR_BIT_CHECKPOINT') throw cause;
    const why = deniedReason(cause) ?? REASONS[code] ?? message;
    throw new BitError('ERR_BIT_OUTPUT', `Cannot write ${path}: ${why}`, { cause });
  }
}
