// Pictures in Parquet files: Hugging Face datasets' `image: {bytes, path}`, bytes alone, or paths.
import { existsSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import type { AsyncBuffer } from 'hyparquet' with { 'resolution-mode': 'import' };
import { BitError } from '../../errors';
import { expectFile } from '../../image/file';
import { isUrl } from './listed';
import { columnOf, rowsOf } from './parquet_column';
import type { Picture } from './picture';
import { shardProblem } from './shard';

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
  let file: FileHandle | null = null;
  try {
    await expectFile(path);
    file = await open(path);
    for await (const value of rowsOf(await columnOf(await bufferOf(file), column))) {
      signal?.throwIfAborted();
      yield pictureOf(value, path, row++);
    }
    if (row === 0) yield { path, image: shardProblem(path, 'it has no rows') };
  } catch (error) {
    signal?.throwIfAborted();
    yield { path, image: shardProblem(path, error) };
  } finally {
    await file?.close();
  }
}

/** What the reader takes for a file. */
export async function bufferOf(file: FileHandle): Promise<AsyncBuffer> {
  const { size } = await file.stat();
  return {
    byteLength: size,
    slice: async (start, end = size) => {
      const bytes = new Uint8Array(Math.max(end - start, 0));
      let filled = 0;
      while (filled < bytes.length) {
        const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, start + filled);
        if (bytesRead === 0) throw new Error('it ends too early');
        filled += bytesRead;
      }
      return bytes.buffer;
    },
  };
}

function pictureOf(value: unknown, file: string, row: number): Picture {
  if (value instanceof Error) return { path: `${file}/${row}`, image: shardProblem(file, value) };
  const { bytes, path } = partsOf(value);
  if (bytes) return { path: `${file}/${path || row}`, image: bytes };
  if (path) {
    const place = placed(path, file);
    return { path: place, image: place };
  }
  const message = `Cannot read the image: row ${row} of ${file} has none`;
  return { path: `${file}/${row}`, image: new BitError('ERR_BIT_IMAGE', message) };
}

/** What a value of the column has: bytes, a path, both or neither. */
export function partsOf(value: unknown): { bytes: Uint8Array | null; path: string | null } {
  if (typeof value === 'string') return { bytes: null, path: value };
  if (ArrayBuffer.isView(value)) return { bytes: value as Uint8Array, path: null };
  const { bytes, path } = (value ?? {}) as { bytes?: Uint8Array | null; path?: string | null };
  return { bytes: bytes ?? null, path: path ?? null };
}

/** A path as the file means it: from where it lies, else from the working folder. */
function placed(path: string, file: string): string {
  if (isUrl(path) || isAbsolute(path)) return path;
  const beside = join(dirname(file), path);
  return existsSync(beside) ? beside : path;
}
