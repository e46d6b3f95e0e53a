// Pictures in Parquet files that are read again, a few rows at a time, whenever one of them is asked for.
import { open } from 'node:fs/promises';
import type { AsyncBuffer, ColumnChunk, OffsetIndex } from 'hyparquet' with {
  'resolution-mode': 'import',
};
import { bufferOf, partsOf } from '../../batch/inputs/parquet';
import {
  blocksOf,
  valuesIn,
  type PictureColumn,
  type RowBlock,
} from '../../batch/inputs/parquet_column';
import { loadParquetReader } from '../../batch/parquet';
import { BitError } from '../../errors';
import { expectFile, whyUnreadable } from '../../image/file';
import { HeldImage } from '../../image/input';
import { named } from './labelled';
import { Recent } from './recent';
import { placed } from './table';

/** Of pages that are read together, where the file says where they are: a picture has some 100 kB. */
const AT_ONCE_BYTES = 1024 ** 2;
/** Of all files' pictures, as they are in there: those of a small data set are read once. */
const RECENT_BYTES = 256 * 1024 ** 2;
/** What a row takes beside its bytes. */
const ROW_BYTES = 100;

type Values = ArrayLike<unknown>;

/** Rows that were read last, of all files of a data set. */
export class RecentRows extends Recent<Values> {
  constructor(most = RECENT_BYTES) {
    super(most, bytesOf);
  }
}

export interface ParquetPicture {
  row: number;
  /** As {@link picturesInParquet} calls it, but that paths start from the file's folder in any case. */
  path: string;
  /** Read when its turn comes; null where the row has none. */
  image: HeldImage | string | null;
}

/**
 * The pictures of all rows, in order. Each block of rows is read on the way.
 * @param atOnce bytes of pages that are read together.
 * @throws Error for rows that are broken or missing.
 */
export async function* picturesOf(
  file: string,
  column: PictureColumn,
  recent: RecentRows,
  atOnce = AT_ONCE_BYTES,
): AsyncGenerator<ParquetPicture, void, undefined> {
  for await (const block of byPages(column, atOnce)) {
    const read = () => recent.get(`${file}\0${block.start}`, () => again(file, column, block));
    const values = await read();
    for (let row = block.start; row < block.end; row++) {
      const { bytes, path } = partsOf(values[row - block.start]);
      const isInside = bytes !== null || !path;
      const name = isInside ? `${file}/${path || row}` : placed(path, file);
      const image = bytes ? reading(name, read, row - block.start) : isInside ? null : name;
      yield { row, path: name, image };
    }
  }
}

/** All rows, in as few pages at a time as hold enough; row groups, where a file does not say where its pages are. */
async function* byPages(
  column: PictureColumn,
  atOnce: number,
): AsyncGenerator<RowBlock, void, undefined> {
  for (const group of blocksOf(column, Infinity)) {
    let { start } = group;
    let bytes = 0;
    const pages = await pagesOf(column, group);
    for (const { first_row_index: index, compressed_page_size: size } of pages) {
      const row = group.first + Number(index);
      if (bytes >= atOnce && row > start && row < group.end) {
        yield { ...group, start, end: row };
        [start, bytes] = [row, 0];
      }
      bytes += size;
    }
    yield { ...group, start };
  }
}

type Pages = OffsetIndex['page_locations'];

/** Those of the largest part of a column, which is its bytes; none where the file does not say. */
async function pagesOf({ file, name }: PictureColumn, { group }: RowBlock): Promise<Pages> {
  const size = ({ meta_data: data }: ColumnChunk) => Number(data?.total_compressed_size ?? 0);
  const [chunk] = group.columns
    .filter(({ meta_data: data }) => data?.path_in_schema[0] === name)
    .sort((a, b) => size(b) - size(a));
  if (chunk?.offset_index_offset === undefined || chunk.offset_index_length === undefined)
    return [];
  const start = Number(chunk.offset_index_offset);
  const end = start + chunk.offset_index_length;
  if (end > file.byteLength) throw new Error('its page index is broken');
  const { readOffsetIndex } = await loadParquetReader();
  const bytes = await file.slice(start, end);
  return readOffsetIndex({ view: new DataView(bytes), offset: 0 }).page_locations;
}

function reading(name: string, read: () => Promise<Values>, at: number): HeldImage {
  return HeldImage.reading(name, async ({ signal }) => {
    const values = await read().catch((cause: unknown) => {
      const message = `Cannot read ${named(name)}: ${whyUnreadable(cause)}`;
      throw new BitError('ERR_BIT_IMAGE', message, { cause });
    });
    signal?.throwIfAborted();
    const { bytes } = partsOf(values[at]);
    // Tells what is no picture, and copies it: the block that it is part of may go.
    const held = await HeldImage.of(bytes ?? new Uint8Array(0)).read();
    return (held as { encoded: Uint8Array }).encoded;
  });
}

/** A file is open while it is read: there may be more than a process may have open. */
export async function withBuffer<T>(
  path: string,
  work: (file: AsyncBuffer) => Promise<T>,
): Promise<T> {
  await expectFile(path);
  const file = await open(path);
  try {
    return await work(await bufferOf(file));
  } finally {
    await file.close();
  }
}

const again = (path: string, column: PictureColumn, block: RowBlock) =>
  withBuffer(path, (file) => valuesIn({ ...column, file }, block));

/** Of the pages that the rows are parts of, which stay in memory as a whole. */
function bytesOf(values: Values): number {
  const pages = new Set<ArrayBufferLike>();
  for (let at = 0; at < values.length; at++) {
    const { bytes } = partsOf(values[at]);
    if (bytes) pages.add(bytes.buffer);
  }
  const sizes = [...pages].map(({ byteLength }) => byteLength);
  return sizes.reduce((sum, size) => sum + size, ROW_BYTES * values.length);
}
