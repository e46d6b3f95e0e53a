// Files that appear under their name when they are complete.

import { rename, rm, writeFile } from 'node:fs/promises';
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
