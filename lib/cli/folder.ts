// The images in a folder and those below it, each once, and what in them cannot be read.

import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** An argument, or something in a folder, that gives no image. */
export interface PathProblem {
  path: string;
  why: string;
}

/** Images in the order of the arguments, each once; what cannot be used. */
export interface ExpandedPaths {
  paths: string[];
  problems: PathProblem[];
}

/** What is read, by the usual endings. */
const IMAGE = /\.(jpe?g|jpe|jfif|mpo|png|apng|webp|gif|tiff?|avif|bmp|dib|p[bgpn]m)$/i;

/**
 * Follows links, but into no folder twice: one that leads to a folder above it has no end. A link that
 * leads nowhere and a folder that may not be read are problems; the rest is found all the same.
 */
export async function findImages(folder: string, signal?: AbortSignal): Promise<ExpandedPaths> {
  const found: ExpandedPaths = { paths: [], problems: [] };
  await look(folder, new Set(), found, signal);
  return found;
}

async function look(
  folder: string,
  seen: Set<string>,
  found: ExpandedPaths,
  signal?: AbortSignal,
): Promise<void> {
  signal?.throwIfAborted();
  let entries: Dirent[];
  try {
    const place = await realpath(folder);
    if (seen.has(place)) return;
    seen.add(place);
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    found.problems.push({ path: folder, why: reasonOf(error) });
    return;
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    const kind = await kindOf(path, entry).catch((error: unknown) => {
      found.problems.push({ path, why: reasonOf(error) });
      return null;
    });
    if (kind === 'folder') await look(path, seen, found, signal);
    else if (kind === 'file' && IMAGE.test(entry.name)) found.paths.push(path);
  }
}

async function kindOf(path: string, entry: Dirent): Promise<'folder' | 'file' | null> {
  const target = entry.isSymbolicLink() ? await stat(path) : entry;
  if (target.isDirectory()) return 'folder';
  return target.isFile() ? 'file' : null;
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
