// Data sets in folders: one for each class, called as it is.
import type { Dirent } from 'node:fs';
import { readdir, stat, realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { findImages } from '../../batch/inputs/folder';
import { isImageName } from '../../batch/inputs/listed';
import { whyUnreadable } from '../../image/file';
import { byCodePoint } from './classes';
import { named, unusable, type Found } from './labelled';

/** What lies directly in a folder, in code point order; what is hidden is left out, and links count as what they lead to. */
export interface Contents {
  folders: string[];
  files: string[];
  /** Links that lead nowhere. */
  lost: string[];
}

/** @throws BitError ERR_BIT_CONFIG for a folder that cannot be read. */
export async function contentsOf(folder: string): Promise<Contents> {
  const contents: Contents = { folders: [], files: [], lost: [] };
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw unusable(`Cannot read the folder ${named(folder)}: ${whyUnreadable(cause)}`, cause);
  });
  for (const entry of entries.sort((a, b) => byCodePoint(a.name, b.name))) {
    if (isHidden(entry.name)) continue;
    contents[await kindOf(entry, join(folder, entry.name))].push(entry.name);
  }
  return contents;
}

async function kindOf(entry: Dirent, path: string): Promise<keyof Contents> {
  if (!entry.isSymbolicLink()) return entry.isDirectory() ? 'folders' : 'files';
  const target = await stat(path).catch(() => null);
  if (target === null) return 'lost';
  return target.isDirectory() ? 'folders' : 'files';
}

const isHidden = (name: string) => name.startsWith('.');

/**
 * The pictures of all folders in `folder`, each with the name of its own as its label, class by class in code point
 * order; those in deeper folders belong to the class as well. What is hidden is left out.
 * @throws BitError ERR_BIT_CONFIG for a folder that cannot be read; the signal's reason.
 */
export async function readClassFolders(
  folder: string,
  { signal }: { signal?: AbortSignal } = {},
): Promise<Found> {
  const { folders, files, lost } = await contentsOf(folder);
  const found: Found = { pictures: [], problems: [], classes: null };
  const tell = (path: string, message: string) => found.problems.push({ path, message });
  for (const name of files.filter(isImageName))
    tell(join(folder, name), 'it is in no folder of a class');
  for (const name of lost) tell(join(folder, name), 'this link leads nowhere');
  for (const name of folders) {
    const place = join(folder, name);
    if (await isAbove(place, folder)) tell(place, 'this link leads to a folder above it');
    else await readClass(found, place, name, signal);
  }
  return found;
}

/** A class that had all others in it would be none. */
async function isAbove(place: string, folder: string): Promise<boolean> {
  const real = (path: string) => realpath(path).catch(() => path); // what is gone by now is told when it is read
  const [target, from] = await Promise.all([real(place), real(folder)]);
  return from === target || from.startsWith(target.endsWith(sep) ? target : `${target}${sep}`);
}

async function readClass(
  { pictures, problems }: Found,
  folder: string,
  label: string,
  signal?: AbortSignal,
): Promise<void> {
  let isEmpty = true;
  for await (const { path, problem } of findImages(folder, { signal })) {
    if (relative(folder, path).split(sep).some(isHidden)) continue;
    if (problem !== undefined) problems.push({ path, message: problem });
    else {
      pictures.push({ path, image: path, label, where: path });
      isEmpty = false;
    }
  }
  if (isEmpty) problems.push({ path: folder, message: 'there is no image in this folder' });
}
