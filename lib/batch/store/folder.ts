// A folder of this machine or of a network, as a store.
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BitError } from '../../errors';
import { deniedReason } from '../../permission';
import { REFUSALS } from './refusals';
import { WORK, type FileFacts, type Store, type StoreFile } from './store';

/** What is gathered before the system is asked to write it. */
const BUFFER_BYTES = 256 * 1024;
const REASONS: Readonly<Record<string, string>> = {
  ...REFUSALS,
  ENOTEMPTY: 'another process writes there',
};
/** Of beginning a file, and of removing a folder. */
const MOST_TRIES = 10;
/** File systems without hard links, such as exFAT. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

export class FolderStore implements Store {
  readonly place: string;

  /** @param work the folder below it for files that do not count yet. */
  constructor(
    folder: string,
    private readonly work: string = WORK,
  ) {
    this.place = folder;
  }

  read(name: string, start = 0, end = Infinity): Promise<Buffer | null> {
    return this.explained('read', name, async () => {
      let file: FileHandle;
      try {
        file = await open(this.path(name));
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return null;
        throw error;
      }
      try {
        const { size } = await file.stat();
        const bytes = Buffer.alloc(Math.max(Math.min(end, size) - start, 0));
        await file.read(bytes, 0, bytes.length, start);
        return bytes;
      } finally {
        await file.close();
      }
    });
  }

  list(folder: string): Promise<string[]> {
    return this.explained('read', folder, async () => {
      try {
        return await readdir(this.path(folder));
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return [];
        throw error;
      }
    });
  }

  async sizes(folder: string): Promise<Map<string, number>> {
    const names = await this.list(folder);
    return this.explained('read', folder, async () => {
      const sizes = new Map<string, number>();
      for (const name of names) {
        const kind = await stat(this.path(join(folder, name))).catch(() => null);
        if (kind?.isFile()) sizes.set(name, kind.size);
      }
      return sizes;
    });
  }

  create(name: string): Promise<StoreFile> {
    return this.explained('write', name, async () => {
      const path = this.path(name);
      const handle = await whileFolderGoes(async () => {
        await makeFolder(dirname(path));
        return open(path, 'w');
      });
      return new FolderFile(path, handle, (work) => this.explained('write', name, work));
    });
  }

  writeOnce(name: string, text: string): Promise<boolean> {
    return this.withAside(name, text, async (aside, path) => {
      try {
        await linkOnce(aside, path, text);
        return true;
      } catch (error) {
        if (codeOf(error) === 'EEXIST') return false;
        throw error;
      } finally {
        await rm(aside, { force: true });
      }
    });
  }

  replace(name: string, text: string): Promise<void> {
    return this.withAside(name, text, rename);
  }

  move(from: string, to: string): Promise<boolean> {
    return this.explained('write', to, async () => {
      try {
        await rename(this.path(from), this.path(to));
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return existsSync(this.path(to));
        throw error;
      }
      await syncFolder(dirname(this.path(to)));
      return true;
    });
  }

  async remove(name: string): Promise<void> {
    await this.explained('remove', name, () =>
      // Again where somebody else writes into a folder meanwhile.
      rm(this.path(name), { recursive: true, force: true, maxRetries: MOST_TRIES }),
    );
  }

  /** Gives `work` a file of its own that is complete and on the disk, and where it is to go. */
  private async withAside<T>(
    name: string,
    text: string,
    work: (aside: string, path: string) => Promise<T>,
  ): Promise<T> {
    const path = this.path(name);
    const once = async () => {
      const aside = this.path(`${this.work}/${randomUUID()}`);
      await makeFolder(dirname(aside));
      await writeWhole(aside, text);
      await makeFolder(dirname(path));
      return work(aside, path);
    };
    return this.explained('write', name, async () => {
      const result = await whileFolderGoes(once);
      await syncFolder(dirname(path));
      return result;
    });
  }

  private path(name: string): string {
    return join(this.place, name);
  }

  private async explained<T>(verb: string, name: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      const reason = deniedReason(cause) ?? REASONS[codeOf(cause) ?? ''];
      const why = reason ?? (cause as Error).message;
      throw new BitError('ERR_BIT_OUTPUT', `Cannot ${verb} ${this.path(name)}: ${why}`, { cause });
    }
  }
}

class FolderFile implements StoreFile {
  private pending: Uint8Array[] = [];
  private pendingBytes = 0;
  private readonly facts: FileFacts = { bytes: 0, sha256: '' };
  private readonly hash = createHash('sha256');
  private isClosed = false;

  constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
    private readonly explained: <T>(work: () => Promise<T>) => Promise<T>,
  ) {}

  async write(given: Uint8Array | string): Promise<void> {
    const bytes = typeof given === 'string' ? Buffer.from(given) : given;
    this.pending.push(bytes);
    this.pendingBytes += bytes.length;
    if (this.pendingBytes >= BUFFER_BYTES) await this.flush();
  }

  async close(): Promise<FileFacts> {
    await this.flush();
    await this.explained(async () => {
      await this.handle.sync();
      this.isClosed = true;
      await this.handle.close();
    });
    return { ...this.facts, sha256: this.hash.digest('hex') };
  }

  async discard(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    await this.handle.close().catch(() => undefined);
    await rm(this.path, { force: true }).catch(() => undefined);
  }

  private async flush(): Promise<void> {
    const bytes = Buffer.concat(this.pending);
    this.pending = [];
    this.pendingBytes = 0;
    await this.explained(() => writeAll(this.handle, bytes));
    this.hash.update(bytes);
    this.facts.bytes += bytes.length;
  }
}

/** A write to a nearly full disk may take less than it is given before it fails. */
async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, at);
    at += bytesWritten;
  }
}

/** A new file, on the disk or not there at all. */
async function writeWhole(path: string, text: string): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    await writeAll(handle, Buffer.from(text));
    await handle.sync();
  } catch (error) {
    await rm(path, { force: true }).catch(() => undefined);
    throw error;
  } finally {
    await handle.close();
  }
}

/** @throws EEXIST where there is such a file. */
async function linkOnce(whole: string, path: string, text: string): Promise<void> {
  try {
    await link(whole, path);
  } catch (error) {
    if (!NO_LINKS.includes(codeOf(error) ?? '')) throw error;
    await writeWhole(path, text);
  }
}

/** Again, where another process that is done removes the folder for what does not count yet. */
async function whileFolderGoes<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' || tries === MOST_TRIES) throw error;
    }
  }
}

/** Names are on the disk when their folder is. Not every system opens folders. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder).catch(() => null);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

/** Step by step: where the system takes no folder, as in /proc, Node's own `recursive` never ends. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (codeOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await mkdir(path).catch((again: unknown) => {
      if (codeOf(again) !== 'EEXIST') throw again;
    });
  }
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException | null)?.code;
