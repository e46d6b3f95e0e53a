// What arguments of a command mean, for those who run pictures themselves.
import { anything } from '../../config/checks';
import { checkOptions } from '../../config/options';
import { invalid } from '../../errors';
import { throwIfAborted } from '../../signal';
import { expandArguments } from './arguments';
import { Ahead } from './ahead';

/**
 * A picture that was found, or an argument that means none.
 * @category Batch jobs
 */
export interface ListedImage {
  /** As it was given or found. */
  path: string;
  /** Why there is nothing to read. */
  problem?: string;
}

/**
 * What {@link listImages} gives, to be gone through once.
 * @category Batch jobs
 */
export interface ImageListing extends AsyncIterable<ListedImage> {
  /** How many there are; null while the listing goes on. */
  readonly total: number | null;
}

/**
 * The pictures that paths, folders (looked through to the bottom), globs and URLs mean, each once, in
 * the order of the arguments; in folders by their names, what has the ending of a picture. `total` is
 * how many there are, once that is known. The listing goes some thousands ahead of whoever takes it.
 * @throws BitError ERR_BIT_CONFIG for what is no list of paths.
 * @category Batch jobs
 */
export function listImages(
  args: string | Iterable<string>,
  options: { signal?: AbortSignal } = {},
): ImageListing {
  const list = typeof args === 'string' ? [args] : args;
  const isList = typeof list?.[Symbol.iterator] === 'function' && !ArrayBuffer.isView(list);
  if (!isList) throw invalid('ERR_BIT_CONFIG', 'args', 'a path or a list of paths', args);
  const { signal } = checkOptions(options, { signal: anything });
  throwIfAborted(signal);
  return new Ahead<ListedImage>(expandArguments(textsOf(list), { signal }));
}

function* textsOf(list: Iterable<string>): Generator<string> {
  for (const each of list) {
    if (typeof each !== 'string') throw invalid('ERR_BIT_CONFIG', 'a path', 'a string', each);
    yield each;
  }
}
