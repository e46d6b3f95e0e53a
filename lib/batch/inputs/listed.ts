// What a listing gives, one thing at a time: pictures that are still to be read, shards that hold many, and
// what turned out to be neither.

/** Which files hold many pictures, and how. */
export type ShardKind = 'tar' | 'parquet';

export interface Listed {
  /** A path or URL, as it was given or found. */
  path: string;
  /** Set for a file that holds many pictures. */
  shard?: ShardKind;
  /** Why there is nothing to read. */
  problem?: string;
}

/** What is read of folders, by the usual endings. */
const IMAGE = /\.(jpe?g|jpe|jfif|mpo|png|apng|webp|gif|tiff?|avif|bmp|dib|p[bgpn]m)$/i;
const SHARDS: readonly [RegExp, ShardKind][] = [
  [/\.(tar(\.gz|\.zst)?|tgz|tzst)$/i, 'tar'],
  [/\.parquet$/i, 'parquet'],
];

export const isImageName = (name: string) => IMAGE.test(name);

export const isUrl = (text: string) => /^\s*(https?|data|file):/i.test(text);

/** By its name; undefined for what is one picture, or none. */
export function shardKind(name: string): ShardKind | undefined {
  return SHARDS.find(([ending]) => ending.test(name))?.[1];
}

/** A file or URL that is taken as it is. */
export function single(path: string, withShards: boolean): Listed {
  const shard = withShards && !isUrl(path) ? shardKind(path) : undefined;
  return shard ? { path, shard } : { path };
}
