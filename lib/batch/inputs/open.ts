// From what was listed to pictures that can be read.
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { BitError } from '../../errors';
import { isUrl, type Listed } from './listed';
import { picturesInParquet } from './parquet';
import type { Picture } from './picture';
import { picturesInTar } from './tar';
import { urlImage } from './url';

export interface OpenShardOptions {
  /** The column of Parquet files that holds pictures; null for the usual names. */
  column?: string | null;
  /** How often a URL is asked for again after a failure that may pass. */
  retries: number;
  /** The folder that relative paths start from; default this process's. */
  base?: string;
  signal?: AbortSignal;
}

/** The pictures of each thing that is listed, in order; one at least for each. */
export async function* openListed(
  listed: Iterable<Listed> | AsyncIterable<Listed>,
  { column = null, retries, base, signal }: OpenShardOptions,
): AsyncGenerator<Picture, void, undefined> {
  for await (const { path, shard, problem } of listed) {
    const place = placeOf(path, base);
    if (problem !== undefined) yield { path, image: new BitError('ERR_BIT_IMAGE', problem) };
    else if (shard === 'tar') yield* named(picturesInTar(place, signal), place, path);
    else if (shard === 'parquet')
      for await (const each of named(picturesInParquet(place, column, signal), place, path))
        yield { ...each, image: patient(each.image, retries) };
    else yield { path, ...(place !== path && { place }), image: patient(place, retries) };
  }
}

function placeOf(path: string, base: string | undefined): string {
  return base === undefined || isUrl(path) || isAbsolute(path) ? path : resolve(base, path);
}

/** Pictures in the file at `place`, or beside it, under the names that they have where it is called `path`. */
async function* named(
  pictures: AsyncIterable<Picture>,
  place: string,
  path: string,
): AsyncGenerator<Picture, void, undefined> {
  const beside = join(dirname(place), '/');
  for await (const picture of pictures) {
    const { path: found } = picture;
    if (place === path) yield picture;
    else if (found.startsWith(place))
      yield { ...picture, path: `${path}${found.slice(place.length)}`, place: found };
    else if (found.startsWith(beside))
      yield { ...picture, path: join(dirname(path), found.slice(beside.length)), place: found };
    else yield picture;
  }
}

/** What is on the web is asked for again; the rest is as it is. */
function patient(image: Picture['image'], retries: number): Picture['image'] {
  const isWeb = typeof image === 'string' && /^\s*https?:/i.test(image);
  return isWeb ? urlImage(image, retries) : image;
}
