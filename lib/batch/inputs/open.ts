// From what was listed to pictures that can be read.
import { BitError } from '../../errors';
import type { Listed } from './listed';
import { picturesInParquet } from './parquet';
import type { Picture } from './picture';
import { picturesInTar } from './tar';
import { urlImage } from './url';

export interface OpenShardOptions {
  /** The column of Parquet files that holds pictures; null for the usual names. */
  column?: string | null;
  /** How often a URL is asked for again after a failure that may pass. */
  retries: number;
  signal?: AbortSignal;
}

/** The pictures of each thing that is listed, in order; one at least for each. */
export async function* openListed(
  listed: Iterable<Listed> | AsyncIterable<Listed>,
  { column = null, retries, signal }: OpenShardOptions,
): AsyncGenerator<Picture, void, undefined> {
  for await (const { path, shard, problem } of listed) {
    if (problem !== undefined) yield { path, image: new BitError('ERR_BIT_IMAGE', problem) };
    else if (shard === 'tar') yield* picturesInTar(path, signal);
    else if (shard === 'parquet')
      for await (const picture of picturesInParquet(path, column, signal))
        yield { ...picture, image: patient(picture.image, retries) };
    else yield { path, image: patient(path, retries) };
  }
}

/** What is on the web is asked for again; the rest is as it is. */
function patient(image: Picture['image'], retries: number): Picture['image'] {
  const isWeb = typeof image === 'string' && /^\s*https?:/i.test(image);
  return isWeb ? urlImage(image, retries) : image;
}
