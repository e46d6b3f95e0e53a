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

/**
 * Lets go of what libvips keeps of the pictures that it decoded last. Of GIFs these are whole frames,
 * which it does not count: a hundred of them may be gigabytes. Its bounds stay as the user has them.
 */
export function forgetDecoded(): void {
  const { items } = loadSharp().cache() as { items: { max: number } };
  loadSharp().cache({ items: 0 });
  loadSharp().cache({ items: items.max });
}
