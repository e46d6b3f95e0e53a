// One run at a time in a folder: a file that whoever is at work there holds the lock of, and says who that is.
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { loadBinding } from '../binding/load';
import type { NativeLock } from '../binding/training_types';
import { BitError } from '../errors';
import { explainWrites } from './files';

export class RunLock {
  private constructor(
    private readonly path: string,
    private readonly held: NativeLock,
  ) {}

  /**
   * The file stays when the lock is released: one that is deleted could be held twice.
   * @throws BitError ERR_BIT_OUTPUT where another run holds it, or it cannot be written.
   */
  static take(path: string, place: string): Promise<RunLock> {
    return explainWrites(path, async () => {
      const held = loadBinding().lockFile(path);
      if (held === null)
        throw new BitError('ERR_BIT_OUTPUT', `${place} is in use: ${ownerOf(path)}`);
      try {
        writeFileSync(path, `process ${process.pid} on ${hostname()}\n`);
      } catch (error) {
        held.dispose();
        throw error;
      }
      return new RunLock(path, held);
    });
  }

  release(): void {
    try {
      truncateSync(this.path);
    } catch {
      // The folder is gone, and with it the lock.
    }
    this.held.dispose();
  }
}

/** Only for people: by the time that somebody reads it, it may be another one. */
function ownerOf(path: string): string {
  let owner = '';
  try {
    owner = readFileSync(path, 'utf8').trim();
  } catch {
    // Not readable for this user.
  }
  return `${owner || 'another process'} trains there. Wait for it to end, or choose another output`;
}
