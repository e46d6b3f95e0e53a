// Node's permission model (--permission): what it denied, in words, and the flags that allow it.
import { BitError, type BitErrorCode } from './errors';

/** Of errors that the permission model throws. */
interface Denial {
  code: 'ERR_ACCESS_DENIED' | 'ERR_DLOPEN_DISABLED';
  permission?: string;
  resource?: string;
}

function isDenial(error: unknown): error is Denial {
  const code = (error as Partial<Denial> | null)?.code;
  return code === 'ERR_ACCESS_DENIED' || code === 'ERR_DLOPEN_DISABLED';
}

/** Whether the permission model is on. */
export function isRestricted(): boolean {
  return (process as { permission?: object }).permission !== undefined;
}

/** What an error of the permission model denies, and the flag for it; null for another error. */
export function deniedReason(error: unknown): string | null {
  if (!isDenial(error)) return null;
  if (error.code === 'ERR_DLOPEN_DISABLED')
    return 'it may load no addons (start node with --allow-addons)';
  const { permission, resource = '' } = error;
  const at = resource === '' ? '' : ` ${resource}`;
  switch (permission) {
    case 'ChildProcess':
      return 'it may start no programs (start node with --allow-child-process)';
    case 'FileSystemWrite':
      return `it may not write${at} (start node with --allow-fs-write=${resource})`;
    default:
      return `it may not read${at} (start node with --allow-fs-read=${resource})`;
  }
}

/** The same error, or in its place a BitError of this code where the permission model is at fault. */
export function asDenied(error: unknown, code: BitErrorCode): unknown {
  const reason = deniedReason(error);
  if (reason === null) return error;
  const withoutAddons = (error as Denial).code === 'ERR_DLOPEN_DISABLED' && !isRestricted();
  const message = withoutAddons
    ? 'Node was started with --no-addons, and bigtransfer has one: start it without that'
    : `Node's permission model is on: ${reason}`;
  return new BitError(code, message, { cause: error });
}
