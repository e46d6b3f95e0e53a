// The column of a Parquet file that holds pictures: which it is, and its values, some at a time.
import * as zlib from 'node:zlib';
import type { AsyncBuffer, Compressors, FileMetaData, RowGroup, SchemaTree } from 'hyparquet' with {
  'resolution-mode': 'import',
};
import { loadCompressors, loadParquetReader } from '../parquet';

/** Columns that are looked for, the first one first, where none is named. */
const NAMES = ['image', 'img', 'jpg', 'png', 'picture', 'photo', 'bytes', 'image_path'];
const PATH_NAMES = ['path', 'file_name', 'filename', 'file', 'image_url', 'url'];

/** What is read at once, where the file says where its pages are. */
const AT_ONCE_BYTES = 32 * 1024 ** 2;
/** What is read at once, where it does not: a row group. */
const MOST_AT_ONCE_BYTES = 2 * 1024 ** 3;

export interface PictureColumn {
  file: AsyncBuffer;
  metadata: FileMetaData;
  name: string;
}

/** @throws Error where there is no such column with pictures or paths; what reading the file throws. */
export async function columnOf(file: AsyncBuffer, wanted: string | null): Promise<PictureColumn> {
  if (file.byteLength === 0) throw new Error('it is empty');
  const { parquetMetadataAsync, parquetSchema } = await loadParquetReader();
  const metadata = await orBroken('it is no Parquet file, or a broken one', () =>
    parquetMetadataAsync(file, { geoparquet: false }),
  );
  const { children } = parquetSchema(metadata);
  const names = wanted === null ? [...NAMES, ...PATH_NAMES] : [wanted];
  const known = names.flatMap((name) => children.filter(({ element }) => element.name === name));
  const found = known.find(holdsPictures);
  if (found) return { file, metadata, name: found.element.name };
  const there = children.map((each) => `${each.element.name} (${kindOf(each)})`).join(', ');
  const which = wanted === null ? 'no column' : `no column ${wanted}`;
  throw new Error(`${which} with pictures or their paths; there are ${there}`);
}

/** Rows that are read at once: from `start` to before `end`, of a group that begins at `first`. */
export interface RowBlock {
  start: number;
  end: number;
  group: RowGroup;
  first: number;
}

/**
 * The values of all rows: a string, a Uint8Array, an object of those or nothing for each, and an Error for
 * one that is broken. Memory holds what is read at once: some megabytes, or a row group where the file has
 * no page index.
 * @param atOnce bytes.
 */
export async function* rowsOf(
  column: PictureColumn,
  atOnce = AT_ONCE_BYTES,
): AsyncGenerator<unknown, void, undefined> {
  for (const block of blocksOf(column, atOnce)) yield* valuesOrErrors(column, block);
}

/** One for each row; where some are broken, smaller parts are tried for the others. */
async function* valuesOrErrors(
  column: PictureColumn,
  block: RowBlock,
): AsyncGenerator<unknown, void, undefined> {
  const { start, end, group } = block;
  const read = await valuesIn(column, block).catch((error: Error) => error);
  if (!(read instanceof Error)) {
    for (let at = 0; at < end - start; at++) yield read[at];
  } else if (end - start > 1 && hasPageIndex(group, column.name)) {
    const middle = Math.floor((start + end) / 2);
    yield* valuesOrErrors(column, { ...block, end: middle });
    yield* valuesOrErrors(column, { ...block, start: middle });
  } else for (let row = start; row < end; row++) yield read;
}

/**
 * All rows in blocks of about so many bytes, or of a row group where the file has no page index.
 * @throws Error when it comes to a row group that does not fit in memory and cannot be read in parts.
 */
export function* blocksOf(
  { metadata, name }: PictureColumn,
  atOnce: number,
): Generator<RowBlock, void, undefined> {
  let end = 0;
  for (const [index, group] of metadata.row_groups.entries()) {
    const step = rowsAtOnce(group, index, name, atOnce);
    const first = end;
    end += Number(group.num_rows);
    for (let start = first; start < end; start += step)
      yield { start, end: Math.min(start + step, end), group, first };
  }
}

/** The values of a block's rows, as {@link rowsOf} has them. @throws Error for rows that are broken or missing. */
export async function valuesIn(
  { file, metadata, name }: PictureColumn,
  { start, end, group, first }: RowBlock,
): Promise<ArrayLike<unknown>> {
  const { parquetScan } = await loadParquetReader();
  const range = { rowStart: start - first, rowEnd: end - first };
  // A scan looks up the pages of all groups that it knows of: this one is enough.
  const own = { ...metadata, num_rows: group.num_rows, row_groups: [group] };
  // Each scan keeps what it has read last: a new one lets go of it.
  const options = { file, metadata: own, columns: [name], compressors: await ownCompressors() };
  const rows = end - start === 1 ? `row ${start} is` : `rows ${start} to ${end - 1} are`;
  const values = await orBroken(`${rows} broken`, async () => {
    const scan = await parquetScan({ ...options, utf8: false, ...range });
    return scan.readColumn({ column: name, ...range });
  });
  if (values.length < end - start)
    throw new Error(`rows ${start + values.length} to ${end - 1} are missing`);
  return values;
}

/** What the reader says of broken files is about its own insides. */
async function orBroken<T>(words: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new Error(`${words} (${(cause as Error).message})`, { cause });
  }
}

/** Those of Node's own are quicker. */
async function ownCompressors(): Promise<Compressors> {
  return {
    ...(await loadCompressors()),
    GZIP: (bytes) => zlib.gunzipSync(bytes),
    BROTLI: (bytes) => zlib.brotliDecompressSync(bytes),
  };
}

/** @throws Error for a row group that does not fit in memory and cannot be read in parts. */
function rowsAtOnce(group: RowGroup, index: number, name: string, atOnce: number): number {
  const chunks = group.columns.filter(({ meta_data: data }) => data?.path_in_schema[0] === name);
  const sizes = chunks.map(({ meta_data: data }) => Number(data?.total_uncompressed_size ?? 0));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const rows = Math.max(Number(group.num_rows), 1);
  if (hasPageIndex(group, name))
    return Math.max(Math.floor((rows * atOnce) / Math.max(bytes, 1)), 1);
  if (bytes <= MOST_AT_ONCE_BYTES) return rows;
  throw new Error(
    `row group ${index} has ${bytes} bytes of them, of which ${MOST_AT_ONCE_BYTES} can be read: write ` +
      'the file with smaller row groups or with a page index',
  );
}

/** Whether the file says where the pages of a column are, so that some of them can be read alone. */
function hasPageIndex(group: RowGroup, name: string): boolean {
  return group.columns
    .filter(({ meta_data: data }) => data?.path_in_schema[0] === name)
    .every((chunk) => chunk.offset_index_offset !== undefined);
}

function holdsPictures({ element, children }: SchemaTree): boolean {
  if (element.repetition_type === 'REPEATED') return false;
  if (children.length === 0) return isBytes(element);
  const parts = children.filter(({ element: { name } }) => name === 'bytes' || name === 'path');
  return (
    parts.length > 0 && parts.every((part) => part.children.length === 0 && isBytes(part.element))
  );
}

function isBytes({ type, logical_type: logical }: SchemaTree['element']): boolean {
  if (logical !== undefined && logical.type !== 'STRING') return false;
  return type === 'BYTE_ARRAY' || type === 'FIXED_LEN_BYTE_ARRAY';
}

/** Of a column, in the words of the format. */
function kindOf({ element, children }: SchemaTree): string {
  const { type, logical_type: logical, converted_type: converted } = element;
  return logical?.type ?? converted ?? type ?? (children.length > 0 ? 'struct' : 'unknown');
}
