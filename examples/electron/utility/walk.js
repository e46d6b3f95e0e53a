// The pictures in files and folders, one by one: a folder is read as a stream, however many files it has.
'use strict';

const { opendir, realpath, stat } = require('node:fs/promises');
const path = require('node:path');

/** What bigtransfer reads, by the usual endings. */
const PICTURE = /\.(jpe?g|jpe|jfif|mpo|png|apng|webp|gif|tiff?|avif|bmp|dib|p[bgpn]m)$/i;

/**
 * Each file once, a file that was named whatever its ending. Follows links, but into no folder twice: one that leads to a
 * folder above it has no end. Hidden folders and what cannot be read in a folder are passed by.
 * @param {string[]} paths
 * @returns {AsyncGenerator<{ path: string, name: string } | { path: string, message: string }>} message: of a path that was
 *   named and cannot be read; name: as seen from what was named.
 */
async function* walk(paths, signal) {
  const seen = new Set();
  for (const named of paths) {
    try {
      yield* look(named, { base: path.dirname(named), seen, signal, isNamed: true });
    } catch (error) {
      signal?.throwIfAborted();
      yield { path: named, message: error.message };
    }
  }
}

async function* look(place, { base, seen, signal, isNamed = false }) {
  signal?.throwIfAborted();
  const [real, kind] = await Promise.all([realpath(place), stat(place)]);
  if (seen.has(real)) return;
  if (kind.isFile() && (isNamed || PICTURE.test(place))) {
    seen.add(real);
    yield { path: place, name: path.relative(base, place) };
  } else if (kind.isDirectory()) {
    seen.add(real);
    for await (const { name } of await opendir(place)) {
      if (!name.startsWith('.')) yield* inFolder(path.join(place, name), { base, seen, signal });
    }
  }
}

/** As look(), without what cannot be read. */
async function* inFolder(place, context) {
  try {
    yield* look(place, context);
  } catch {
    context.signal?.throwIfAborted();
  }
}

module.exports = { walk };
