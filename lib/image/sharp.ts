// The door to sharp, which decodes and writes most kinds of pictures.
import type sharp from 'sharp';
import { BitError } from '../errors';

type SharpModule = typeof sharp;

let sharpModule: SharpModule | undefined;

/**
 * sharp, loaded when the first encoded image comes: beside Electron's own GLib it may not load, and
 * raw pixels need none of it.
 * @throws BitError ERR_BIT_IMAGE where it does not load.
 */
export function loadSharp(): SharpModule {
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import would load it at once
    sharpModule ??= require('sharp') as SharpModule;
    return sharpModule;
  } catch (cause) {
    throw new BitError(
      'ERR_BIT_IMAGE',
      'Encoded images need the sharp package, which does not load here: run `npm install sharp`, or ' +
        'pass raw pixels { data, width, height, channels }',
      { cause },
    );
  }
}

/** How many have it held down, and what the user had set. */
let holders = 0;
let before: { threads: number; cache: { memory: number; files: number; items: number } };

/**
 * Keeps sharp to one thread for each picture and to no memory of those that are done: where many are
 * decoded at once, more would be in each other's way.
 * @returns what gives the user's settings back, once all that hold it down have called theirs.
 */
export function holdDownSharp(): () => void {
  const sharp = loadSharp();
  if (holders++ === 0) {
    const { memory, files, items } = sharp.cache() as Record<
      'memory' | 'files' | 'items',
      { max: number }
    >;
    before = {
      threads: sharp.concurrency(),
      cache: { memory: memory.max, files: files.max, items: items.max },
    };
    sharp.concurrency(1);
    sharp.cache(false);
  }
  let isHeld = true;
  return () => {
    if (!isHeld) return;
    isHeld = false;
    if (--holders > 0) return;
    sharp.concurrency(before.threads);
    sharp.cache(before.cache);
  };
}

/**
 * Lets go of what libvips keeps of the pictures that it decoded last. Of GIFs these are whole frames,
 * which it does not count: a hundred of them may be gigabytes. Its bounds stay as the user has them.
 */
export function forgetDecoded(): void {
  const { items } = loadSharp().cache() as { items: { max: number } };
  loadSharp().cache({ items: 0 });
  loadSharp().cache({ items: items.max });
}
