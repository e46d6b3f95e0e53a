// Files that appear under their name when they are complete, and folders for them.

import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { explained } from './lines_file';

/** @throws Error that names `path` when it cannot be written; what was there before stays. */
export async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const part = `${path}.${process.pid}.part`;
  try {
    await explained(path, async () => {
      await writeFile(part, bytes);
      await rename(part, path);
    });
  } finally {
    await rm(part, { force: true }).catch(() => undefined);
  }
}

/**
 * Makes a folder and those above it, unless it is there.
 * @throws Error that names `path` when it cannot be made.
 */
export async function makeFolder(path: string): Promise<void> {
  await explained(path, () => make(path));
}

/** Step by step: where the system takes no folder, as in /proc, Node's own `recursive` never ends. */
async function make(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') {
      if ((await stat(path)).isDirectory()) return;
      throw new Error('it is a file', { cause: error });
    }
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    await make(dirname(path));
    await mkdir(path);
  }
}
