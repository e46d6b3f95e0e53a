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
  yield* look(folder, 'folder');

  async function* look(place: string, kind: Kind): AsyncGenerator<Listed, void, undefined> {
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
      yield { path: place, problem: reasonOf(error, kind) };
    }
  }

  async function* found(path: string, kind: Kind): AsyncGenerator<Listed, void, undefined> {
    try {
      const target = kind === 'link' ? kindOf(await stat(path)) : kind;
      if (target === 'folder') yield* look(path, kind);
      if (target !== 'file') return;
    } catch (error) {
      signal?.throwIfAborted();
      yield { path, problem: reasonOf(error, kind) };
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

/** Why something in a folder cannot be looked at, which was there a moment ago. */
function reasonOf(error: unknown, kind: Kind): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const reasons: Record<string, string> = {
    // A name that is no UTF-8 comes with other letters, under which there is nothing.
    ENOENT: kind === 'link' ? 'this link leads nowhere' : 'it is gone, or its name is no UTF-8',
    ELOOP: 'this link leads to itself',
    EACCES: 'no permission to read it',
  };
  return reasons[code ?? ''] ?? message;
}
