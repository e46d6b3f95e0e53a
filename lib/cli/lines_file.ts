// The file of `--output`: it appears under its name when it is complete.

import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { messageOf } from './report';

/**
 * Lines for a file. A regular file is replaced as a whole, where a link points to; pipes and
 * devices are written to as they are.
 */
export class LinesFile {
  /** Lines written so far. */
  count = 0;

  private constructor(
    private readonly path: string,
    /** Where the lines go until they are complete; null for pipes and devices. */
    private readonly part: { from: string; to: string } | null,
    private readonly handle: FileHandle,
  ) {}

  /** @throws Error that names `path` when it cannot be written. */
  static create(path: string): Promise<LinesFile> {
    return explained(path, async () => {
      const target = await realpath(path).catch(() => path);
      const known = await stat(target).catch(() => null);
      if (known?.isDirectory()) throw new Error('it is a folder');
      if (known && !known.isFile()) return new LinesFile(path, null, await open(target, 'w'));
      const from = `${target}.${process.pid}.part`;
      return new LinesFile(path, { from, to: target }, await open(from, 'w'));
    });
  }

  async write(line: string): Promise<void> {
    await explained(this.path, () => this.handle.write(`${line}\n`));
    this.count++;
  }

  async commit(): Promise<void> {
    const { part } = this;
    await explained(this.path, async () => {
      await this.handle.close();
      if (part) await rename(part.from, part.to);
    });
  }

  /** Leaves what was under the name before; does nothing after {@link commit}. */
  async discard(): Promise<void> {
    await this.handle.close().catch(() => undefined);
    if (this.part) await rm(this.part.from, { force: true }).catch(() => undefined);
  }
}

/** Errors of the system speak of the temporary name: say which file it was in the end. */
export async function explained<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const reasons: Record<string, string> = {
      ENOENT: 'there is no such folder',
      ENOTDIR: 'there is no such folder',
      EACCES: 'no permission to write there',
      EROFS: 'it is read-only there',
      ENOSPC: 'no space is left there',
    };
    const why = reasons[code ?? ''] ?? messageOf(cause);
    throw Object.assign(new Error(`Cannot write ${path}: ${why}`, { cause }), { code });
  }
}
