// Folders of the user's: home, and those that environment variables name. None is ever relative: what lies in the
// current folder is somebody else's.
import { homedir, userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';

const warned = new Set<string>();

/** HOME, or the account's home where that is empty or relative; null where there is neither. */
export function homeFolder(): string | null {
  for (const find of [homedir, () => userInfo().homedir]) {
    try {
      const folder = find();
      if (isAbsolute(folder)) return folder;
    } catch {
      // An account without an entry in the system's list.
    }
  }
  return null;
}

/**
 * What a variable names; undefined where it is unset, empty or relative. The XDG base directory
 * specification wants relative paths ignored, and a warning (BIT_RELATIVE_PATH) says so once.
 */
export function folderSetting(name: string): string | undefined {
  const value = process.env[name];
  if (!value) return undefined;
  const folder = expandHome(value);
  if (isAbsolute(folder)) return folder;
  if (!warned.has(name)) {
    warned.add(name);
    process.emitWarning(`${name} is ignored, since '${value}' is no absolute path`, {
      type: 'BitWarning',
      code: 'BIT_RELATIVE_PATH',
    });
  }
  return undefined;
}

/** XDG_CACHE_HOME or ~/.cache; null where there is no home. */
export function userCacheFolder(): string | null {
  const home = homeFolder();
  return folderSetting('XDG_CACHE_HOME') ?? (home === null ? null : join(home, '.cache'));
}

/** `~` and `~/…` by the home folder. */
export function expandHome(path: string): string {
  const home = homeFolder();
  return home === null ? path : path.replace(/^~(?=$|[\\/])/, home);
}
