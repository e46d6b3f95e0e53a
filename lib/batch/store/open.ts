// A place as users write it → the store that is there.
import { resolve } from 'node:path';
import { FolderStore } from './folder';
import { S3Store } from './s3';
import type { Store } from './store';

export const isBucket = (place: string) => place.startsWith('s3://');

/** A place as it is found from other folders, too. */
export const placeOf = (place: string) => (isBucket(place) ? place : resolve(place));

/**
 * `s3://bucket/prefix` is a bucket, everything else a folder.
 * @throws BitError ERR_BIT_CONFIG for a bucket without a name, ERR_BIT_OUTPUT where S3's client is missing.
 */
export function openStore(place: string): Store {
  return isBucket(place) ? new S3Store(place) : new FolderStore(place);
}
