// Pictures in Parquet files: Hugging Face datasets' `image: {bytes, path}`, bytes alone, or paths.
import { existsSync, openAsBlob } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import type { Field, StructRowProxy } from 'apache-arrow';
import type { ParquetFile, RecordBatch } from 'parquet-wasm/node';
import { BitError } from '../../errors';
import { loadArrow, loadParquet } from '../parquet';
import { isUrl } from './listed';
import type { Picture } from './picture';
import { shardProblem } from './shard';

/** Rows that are held at once: pictures of some megabytes each. */
const ROWS_AT_ONCE = 32;
/** Columns that are looked for, the first one first, where none is named. */
const NAMES = ['image', 'img', 'jpg', 'png', 'picture', 'photo', 'bytes', 'image_path'];
const PATH_NAMES = ['path', 'file_name', 'filename', 'file', 'image_url', 'url'];

/**
 * The pictures of a file, in the order of its rows: those whose bytes it holds under `file/path`, or
 * `file/N` for the one in row N that has no path; those that it names under their own paths, which are
 * taken from the file's folder where they are there. Where the file cannot be read to its end, the
 * last picture is the file itself, with the reason.
 * @param column holds structs of bytes and path, bytes, or paths and URLs; null for the usual names.
 */
export async function* picturesInParquet(
  path: string,
  column: string | null,
  signal?: AbortSignal,
): AsyncGenerator<Picture, void, undefined> {
  let row = 0;
  try {
    const file = await loadParquet().ParquetFile.fromFile(await openAsBlob(path));
    const field = columnOf(file, column);
    const options = { columns: [field.name], batchSize: ROWS_AT_ONCE, concurrency: 1 };
    // Node's own streams iterate; the DOM's type does not say so.
    const batches = (await file.stream(options)) as unknown as AsyncIterable<RecordBatch>;
    for await (const batch of batches) {
      const table = loadArrow().tableFromIPC(batch.intoIPCStream());
      for (const value of table.getChild(field.name) ?? []) {
        signal?.throwIfAborted();
        yield pictureOf(value, path, row++);
      }
    }
    if (row === 0) yield { path, image: shardProblem(path, 'it has no rows') };
  } catch (error) {
    signal?.throwIfAborted();
    yield { path, image: shardProblem(path, error) };
  }
}

function columnOf(file: ParquetFile, wanted: string | null): Field {
  const { fields } = loadArrow().tableFromIPC(file.schema().intoIPCStream()).schema;
  const names = wanted === null ? [...NAMES, ...PATH_NAMES] : [wanted];
  const known = names.flatMap((name) => fields.filter((field) => field.name === name));
  const found = known.find(holdsPictures);
  if (found) return found;
  const there = fields.map(({ name, type }) => `${name} (${String(type)})`).join(', ');
  const which = wanted === null ? 'no column' : `no column ${wanted}`;
  throw new Error(`${which} with pictures or their paths; there are ${there}`);
}

function holdsPictures({ type }: Field): boolean {
  const { DataType } = loadArrow();
  const isText = DataType.isUtf8(type) || DataType.isLargeUtf8(type);
  const isBytes = DataType.isBinary(type) || DataType.isLargeBinary(type);
  if (isText || isBytes) return true;
  return (
    DataType.isStruct(type) && type.children.some(({ name }) => ['bytes', 'path'].includes(name))
  );
}

function pictureOf(value: unknown, file: string, row: number): Picture {
  const { bytes, path } = partsOf(value);
  if (bytes) return { path: `${file}/${path ?? row}`, image: bytes };
  if (path !== null && path !== '') {
    const place = placed(path, file);
    return { path: place, image: place };
  }
  const message = `Cannot read the image: row ${row} of ${file} has none`;
  return { path: `${file}/${row}`, image: new BitError('ERR_BIT_IMAGE', message) };
}

function partsOf(value: unknown): { bytes: Uint8Array | null; path: string | null } {
  if (typeof value === 'string') return { bytes: null, path: value };
  if (ArrayBuffer.isView(value)) return { bytes: value as Uint8Array, path: null };
  const { bytes = null, path = null } = (value ?? {}) as StructRowProxy;
  return { bytes: bytes as Uint8Array | null, path: path as string | null };
}

/** A path as the file means it: from where it lies, else from the working folder. */
function placed(path: string, file: string): string {
  if (isUrl(path) || isAbsolute(path)) return path;
  const beside = join(dirname(file), path);
  return existsSync(beside) ? beside : path;
}
