// Keeps a store in step with folders: pictures that are new or changed are read, those that are gone forgotten.
import { lstat, opendir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { StoreError } from './store.mjs';

const PICTURE = /\.(jpe?g|png|webp|gif|tiff?|avif|bmp|p[bgp]m)$/i;
/** Pictures of a transaction: a crash loses that many at most. */
const ROWS_AT_ONCE = 100;

/**
 * Folders are gone through as a stream, so that neither their names nor their pictures are ever in memory together.
 * @param told is called with the reason for each picture or folder that cannot be read; it names the path.
 * @throws StoreError for a folder that is not there, before anything is done; the signal's reason, where what was
 *   read until then stays; BitError for what is about no picture.
 */
export async function addFolders(store, extractor, folders, told, signal) {
  const counts = { added: 0, changed: 0, unchanged: 0, forgotten: 0, unreadable: 0 };
  const fail = (error) => {
    counts.unreadable++;
    told(error.message);
  };
  const places = [];
  for (const folder of folders) places.push(await placeOf(folder));
  /** What settled() was given and has not told of yet, in order. */
  const underWay = [];
  const wanted = async function* () {
    for (const place of places)
      for await (const path of picturesIn(place, fail)) {
        const { mtimeMs: mtime, size } = await stat(path).catch(() => ({}));
        const known = store.lookUp(path);
        if (known !== undefined && known.mtime === mtime && known.size === size) {
          counts.unchanged++;
          continue;
        }
        underWay.push({ path, mtime, size, isKnown: known !== undefined });
        yield path;
      }
  };
  await addAll(store, extractor.settled(wanted(), { pool: true, signal }), underWay, counts, fail);
  for (const place of places) counts.forgotten += await forgetGone(store, place, signal);
  return counts;
}

/** By its one true name, or a link would put its pictures into the store twice. */
async function placeOf(folder) {
  try {
    return await realpath(folder);
  } catch {
    throw new StoreError(`There is no folder ${folder}`);
  }
}

async function addAll(store, outcomes, underWay, counts, fail) {
  let rows = [];
  const write = () => {
    store.put(rows);
    rows = [];
  };
  try {
    for await (const { result, error } of outcomes) {
      const { isKnown, ...picture } = underWay.shift();
      if (error) {
        fail(error);
        // What was there under this name is no more.
        if (isKnown) store.remove([picture.path]);
        continue;
      }
      counts[isKnown ? 'changed' : 'added']++;
      rows.push({ ...picture, embedding: result.data });
      if (rows.length >= ROWS_AT_ONCE) write();
    }
  } finally {
    write();
  }
}

/** Paths of a folder's pictures, and of those in the folders below it; links are not followed. */
async function* picturesIn(folder, fail) {
  try {
    for await (const entry of await opendir(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) yield* picturesIn(path, fail);
      else if (entry.isFile() && PICTURE.test(entry.name)) yield path;
    }
  } catch (error) {
    fail(error);
  }
}

/** Removes the pictures of a folder whose files are gone, and tells how many. */
async function forgetGone(store, folder, signal) {
  let forgotten = 0;
  for (const paths of store.pages(folder.endsWith(sep) ? folder : folder + sep)) {
    signal?.throwIfAborted();
    const gone = [];
    for (const path of paths) if (await isGone(path)) gone.push(path);
    store.remove(gone);
    forgotten += gone.length;
  }
  return forgotten;
}

/** A file that cannot be looked at for another reason may well be there. */
async function isGone(path) {
  try {
    return !(await lstat(path)).isFile();
  } catch ({ code }) {
    return code === 'ENOENT' || code === 'ENOTDIR';
  }
}
