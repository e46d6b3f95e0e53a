import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { columnOf, rowsOf } from '../../../lib/batch/inputs/parquet_column';
import { BATCH, expectedShards, sha256 } from '../../support/shards';

/** A file of which is known what was read. */
function watched(name: string) {
  const bytes = new Uint8Array(readFileSync(join(BATCH, name)));
  const reads: number[] = [];
  const slice = (start: number, end = bytes.length) => {
    reads.push(end - start);
    return bytes.slice(start, end).buffer;
  };
  return { reads, file: { byteLength: bytes.length, slice } };
}

async function valuesOf(name: string, atOnce?: number) {
  const { file, reads } = watched(name);
  const column = await columnOf(file, null);
  reads.length = 0;
  const values: unknown[] = [];
  for await (const value of rowsOf(column, atOnce)) values.push(value);
  return { values, reads };
}

test('a file with a page index is read a few pages at a time', async () => {
  const { rows, sha256: hashes } = expectedShards['many_pages.parquet'] as {
    rows: number;
    sha256: string[];
  };
  const all = await valuesOf('many_pages.parquet');
  const parts = await valuesOf('many_pages.parquet', 3000);
  expect(parts.values.map((each) => sha256(each as Uint8Array))).toEqual(
    Array.from({ length: rows }, (_, at) => hashes[at % 7]),
  );
  expect(parts.values).toEqual(all.values);
  expect(parts.reads.length).toBeGreaterThan(10 * all.reads.length);
});

test('pictures with paths stay together, whatever is read at once', async () => {
  const expected = expectedShards['pages.parquet'] as { sha256: string; path: string }[];
  for (const atOnce of [1, 500, 5000, 1e6]) {
    const { values } = await valuesOf('pages.parquet', atOnce);
    const told = values.map((value) => {
      const { bytes, path } = (value ?? {}) as { bytes?: Uint8Array; path?: string };
      return { sha256: bytes ? sha256(bytes) : null, path: path ?? null };
    });
    expect(told).toEqual(expected);
  }
});

test('only the column of pictures is read', async () => {
  const { file, reads } = watched('named.parquet');
  const column = await columnOf(file, 'left picture');
  expect(column.name).toBe('left picture');
  reads.length = 0;
  for await (const value of rowsOf(column)) expect(value).toHaveProperty('bytes');
  const { columns = [] } = column.metadata.row_groups[0] ?? {};
  const own = columns.filter(({ meta_data: data }) => data?.path_in_schema[0] === 'left picture');
  const size = own.reduce(
    (sum, { meta_data: data }) => sum + Number(data?.total_compressed_size),
    0,
  );
  expect(own).toHaveLength(2);
  expect(reads.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(size + 100);
});

test('a row group without a page index that fits in no memory is refused, not read', async () => {
  const { file, reads } = watched('groups.parquet');
  const column = await columnOf(file, null);
  const second = column.metadata.row_groups[1]?.columns[0]?.meta_data;
  if (!second) throw new Error('no second row group');
  second.total_uncompressed_size = 3n * 2n ** 30n;
  reads.length = 0;
  const values: unknown[] = [];
  const run = async () => {
    for await (const value of rowsOf(column)) values.push(value);
  };
  await expect(run()).rejects.toThrow(
    `row group 1 has ${3 * 2 ** 30} bytes of them, of which ${2 ** 31} can be read: write the file with ` +
      'smaller row groups or with a page index',
  );
  expect(values).toHaveLength(2);
});

test('of columns that might be meant, the first of the usual names that holds pictures', async () => {
  const nameIn = async (name: string) => (await columnOf(watched(name).file, null)).name;
  // `image` holds numbers there, and `path` comes after it.
  expect(await nameIn('named.parquet')).toBe('path');
  expect(await nameIn('large_gzip.parquet')).toBe('jpg');
  expect(await nameIn('view_paths.parquet')).toBe('url');
});
