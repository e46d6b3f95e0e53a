// A file that grows at its end: what was appended is on the disk, all of it or nothing.
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { REFUSALS } from '../../batch/store/refusals';
import { BitError } from '../../errors';
import { deniedReason } from '../../permission';

const REASONS: Readonly<Record<string, string>> = {
  ...REFUSALS,
  ENOENT: 'there is no such file or folder',
  EBADF: 'it was closed',
};

/** One writer has it at a time; what several callers append at once follows in the order of their calls. */
export class AppendedFile {
  /** Whatever was asked for last; never rejects. */
  private last: Promise<unknown> = Promise.resolve();
  /** Whether something may lie behind the end that we know of. */
  private hasRest = false;

  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    private end: number,
  ) {}

  /**
   * Opens the file that is there, or a new one.
   * @param isNew whether it is to be a new one.
   * @throws BitError ERR_BIT_OUTPUT; its cause has the code EEXIST where there is one that is to be new.
   */
  static open(path: string, { isNew = false } = {}): Promise<AppendedFile> {
    return explained('write', path, async () => {
      const { O_RDWR, O_CREAT, O_EXCL } = constants;
      const handle = await open(path, O_RDWR | O_CREAT | (isNew ? O_EXCL : 0));
      try {
        const known = await handle.stat();
        if (!known.isFile()) throw new Error('it is no regular file');
        if (known.size === 0) await syncFolder(dirname(path));
        return new AppendedFile(path, handle, known.size);
      } catch (error) {
        await handle.close();
        throw error;
      }
    });
  }

  /** Bytes of it. */
  get size(): number {
    return this.end;
  }

  /** What is in it, in pieces. */
  async *read(): AsyncGenerator<Buffer, void, undefined> {
    const piece = Buffer.allocUnsafe(64 * 1024);
    for (let at = 0; at < this.end;) {
      const { bytesRead } = await explained('read', this.path, () =>
        this.handle.read(piece, 0, Math.min(piece.length, this.end - at), at),
      );
      if (bytesRead === 0) return;
      yield Buffer.from(piece.subarray(0, bytesRead));
      at += bytesRead;
    }
  }

  /** Fills `target` with what begins at `at`. @throws BitError ERR_BIT_OUTPUT, where there is less too. */
  async readInto(target: Uint8Array, at: number): Promise<void> {
    for (let done = 0; done < target.length;) {
      const { bytesRead } = await explained('read', this.path, () =>
        this.handle.read(target, done, target.length - done, at + done),
      );
      if (bytesRead === 0) throw failure('read', this.path, new Error('it has become shorter'));
      done += bytesRead;
    }
  }

  /** @throws BitError ERR_BIT_OUTPUT; nothing is appended then, and a later call may try again. */
  append(bytes: Uint8Array): Promise<void> {
    return this.inTurn(async () => {
      await this.dropRest();
      this.hasRest = true;
      try {
        await this.writeAtEnd(bytes);
      } catch (error) {
        await this.dropRest().catch(() => undefined);
        throw error;
      }
      this.hasRest = false;
      this.end += bytes.length;
    });
  }

  /** Leaves so many bytes of it. */
  cut(size: number): Promise<void> {
    return this.inTurn(async () => {
      if (size >= this.end) return;
      await this.handle.truncate(size);
      await this.handle.sync();
      this.end = size;
    });
  }

  /** After what was appended before. */
  async close(): Promise<void> {
    await this.inTurn(async () => {
      await this.dropRest().catch(() => undefined);
      await this.handle.close();
    });
  }

  /** A write to a nearly full disk may take less than it is given before it fails. */
  private async writeAtEnd(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const { bytesWritten } = await this.handle.write(bytes, at, null, this.end + at);
      at += bytesWritten;
    }
    await this.handle.datasync();
  }

  /** Half of what failed should meet no reader. */
  private async dropRest(): Promise<void> {
    if (this.hasRest) await this.handle.truncate(this.end);
    this.hasRest = false;
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.last.then(() => explained('write', this.path, work));
    this.last = done.catch(() => undefined);
    return done;
  }
}

/** Its name is on the disk when its folder is. Not every system opens folders. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder).catch(() => null);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

async function explained<T>(verb: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw failure(verb, path, cause);
  }
}

/** What the system says of a file, in words. */
export function failure(verb: string, path: string, cause: unknown): BitError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const why = deniedReason(cause) ?? REASONS[code ?? ''] ?? message;
  return new BitError('ERR_BIT_OUTPUT', `Cannot ${verb} ${path}: ${why}`, { cause });
}
