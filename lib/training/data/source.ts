// What a data set's source is: a table, Parquet files, folders of classes, or parts that are one of those each.
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { whyUnreadable } from '../../image/file';
import { contentsOf, type Contents } from './class_folders';
import { named, unusable } from './labelled';

/** Parts of a data set that its maker has told apart; Hugging Face's names. */
export type Split = 'train' | 'validation' | 'test';

/** Where the pictures of one data set are. */
export type Place =
  | { kind: 'classes'; folder: string }
  | { kind: 'table'; file: string }
  | { kind: 'parquet'; files: string[] };

/** Parts in the order of {@link Split}'s names. */
export type Source = Place | { kind: 'parts'; parts: Map<Split, Place> };

/** What folders and files of parts are called; of each part in this order. */
const SPLITS: Readonly<Record<string, Split>> = {
  train: 'train',
  validation: 'validation',
  valid: 'validation',
  val: 'validation',
  test: 'test',
};
const ORDER: readonly Split[] = ['train', 'validation', 'test'];
/** In the name of a file, as in train-00000-of-00002.parquet. */
const SPLIT_NAME = /(?:^|[-_. ])(train|validation|valid|val|test)(?=[-_. ])/;
const METADATA = ['metadata.csv', 'metadata.jsonl'];

/** @throws BitError ERR_BIT_CONFIG for what is no data set, or cannot be read. */
export async function lookAt(source: string): Promise<Source> {
  const target = await stat(source).catch((cause: unknown) => {
    throw unusable(`Cannot read the data set ${named(source)}: ${whyUnreadable(cause)}`, cause);
  });
  if (target.isDirectory()) {
    const contents = await contentsOf(source);
    return (await partsIn(source, contents)) ?? (await placeIn(source, contents));
  }
  if (/\.(csv|jsonl)$/i.test(source)) return { kind: 'table', file: source };
  if (isParquet(source)) return { kind: 'parquet', files: [source] };
  const expected = 'Expected a folder, or a .csv, .jsonl or .parquet file, for the data set';
  throw unusable(`${expected} but received ${named(source)}`);
}

const isParquet = (name: string) => /\.parquet$/i.test(name);

/** The place that a folder is, whatever its folders are called. */
async function placeIn(folder: string, contents: Contents): Promise<Place> {
  const tables = METADATA.filter((name) => contents.files.includes(name));
  if (tables.length > 1)
    throw unusable(`Expected one table in ${named(folder)} but found ${tables.join(' and ')}`);
  if (tables[0] !== undefined) return { kind: 'table', file: join(folder, tables[0]) };
  const files = await parquetIn(folder, contents);
  return files.length > 0 ? { kind: 'parquet', files } : { kind: 'classes', folder };
}

/** Files in the folder itself, or in the one folder of it: on the Hub they are in `data`, or called by a config. */
async function parquetIn(folder: string, { files, folders }: Contents): Promise<string[]> {
  const own = files.filter(isParquet).map((name) => join(folder, name));
  if (own.length > 0 || folders.length !== 1) return own;
  const inner = join(folder, folders[0] as string);
  return (await contentsOf(inner)).files.filter(isParquet).map((name) => join(inner, name));
}

/** Null where a folder has none: `train` is one where all folders beside it are parts too. */
async function partsIn(folder: string, contents: Contents): Promise<Source | null> {
  const { folders, files } = contents;
  if (METADATA.some((name) => files.includes(name))) return null;
  const parquet = await parquetIn(folder, contents);
  if (parquet.length > 0) return parquetParts(parquet);
  if (!folders.includes('train') || !folders.every((name) => Object.hasOwn(SPLITS, name)))
    return null;
  const parts = new Map<Split, Place>();
  for (const name of folders) {
    const split = SPLITS[name] as Split;
    if (parts.has(split)) {
      const same = folders.filter((each) => SPLITS[each] === split);
      throw unusable(`Expected one ${split} part in ${named(folder)} but found ${same.join(', ')}`);
    }
    const place = join(folder, name);
    parts.set(split, await placeIn(place, await contentsOf(place)));
  }
  return { kind: 'parts', parts: inOrder(parts) };
}

/** By their names, where each has the name of a part. */
function parquetParts(files: readonly string[]): Source | null {
  const parts = new Map<Split, { kind: 'parquet'; files: string[] }>();
  for (const file of files) {
    const name = SPLIT_NAME.exec(basename(file))?.[1];
    if (name === undefined) return null;
    const split = SPLITS[name] as Split;
    const part = parts.get(split) ?? { kind: 'parquet', files: [] };
    parts.set(split, { ...part, files: [...part.files, file] });
  }
  return parts.has('train') ? { kind: 'parts', parts: inOrder(parts) } : null;
}

const inOrder = <T>(parts: ReadonlyMap<Split, T>) =>
  new Map(
    ORDER.flatMap((split): [Split, T][] =>
      parts.has(split) ? [[split, parts.get(split) as T]] : [],
    ),
  );
