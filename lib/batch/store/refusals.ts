// Why a file or folder cannot be written, in words.

/** By the system's codes. */
export const REFUSALS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder',
  ENOTDIR: 'a part of its path is no folder',
  EISDIR: 'it is a folder',
  EACCES: 'no permission there',
  EPERM: 'no permission there',
  EROFS: 'it is read-only there',
  ENOSPC: 'no space is left there',
  EDQUOT: 'the quota there is used up',
};
