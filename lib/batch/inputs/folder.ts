// The pictures in a folder and those below it, in the order of their names, and what in them cannot be read.
import type { Dirent } from 'node:fs';
import { opendir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isImageName, shardKind, type Listed } from './listed';
import { sorted } from './sorted';

/** What stands after each name while they are sorted: less than all that a name may hold. */
const END = '\0';
/** Entries that the system is asked for at once. */
const AT_ONCE = 1024;
type Kind = 'folder' | 'file' | 'link' | 'other';

/**
 * Follows links, but into no folder twice: one that leads to a folder above it has no end. A link that
 * leads nowhere and a folder that may not be read are problems; the rest is found all the same.
 */
export async function* findImages(
  folder: string,
  { withShards = false, signal }: { withShards?: boolean; signal?: AbortSignal } = {},
): AsyncGenerator<Listed, void, undefined> {
  const seen = new Set<string>();
  yield* look(folder);

  async function* look(place: string): AsyncGenerator<Listed, void, undefined> {
    signal?.throwIfAborted();
    try {
      const real = await realpath(place);
      if (seen.has(real)) return;
      seen.add(real);
      for await (const entry of sorted(entriesOf(place))) {
        signal?.throwIfAborted();
        const [name, kind] = entry.split(END) as [string, Kind];
        yield* found(join(place, name), kind);
      }
    } catch (error) {
      signal?.throwIfAborted();
      yield { path: place, problem: reasonOf(error) };
    }
  }

  async function* found(path: string, kind: Kind): AsyncGenerator<Listed, void, undefined> {
    try {
      const target = kind === 'link' ? kindOf(await stat(path)) : kind;
      if (target === 'folder') yield* look(path);
      if (target !== 'file') return;
    } catch (error) {
      signal?.throwIfAborted();
      yield { path, problem: reasonOf(error) };
      return;
    }
    const shard = withShards ? shardKind(path) : undefined;
    if (shard) yield { path, shard };
    else if (isImageName(path)) yield { path };
  }
}

async function* entriesOf(folder: string): AsyncGenerator<string> {
  for await (const entry of await opendir(folder, { bufferSize: AT_ONCE }))
    yield `${entry.name}${END}${kindOf(entry)}`;
}

function kindOf(entry: Pick<Dirent, 'isDirectory' | 'isFile' | 'isSymbolicLink'>): Kind {
  if (entry.isSymbolicLink()) return 'link';
  if (entry.isDirectory()) return 'folder';
  return entry.isFile() ? 'file' : 'other';
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const reasons: Record<string, string> = {
    ENOENT: 'this link leads nowhere',
    ELOOP: 'this link leads to itself',
    EACCES: 'no permission to read it',
  };
  return reasons[code ?? ''] ?? message;
}
