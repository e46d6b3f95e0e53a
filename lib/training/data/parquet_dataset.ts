// Data sets in Parquet files, as Hugging Face datasets writes them: a picture and a label in each row.
import { isDeepStrictEqual } from 'node:util';
import type { FileMetaData } from 'hyparquet' with { 'resolution-mode': 'import' };
import { columnOf, rowsOf } from '../../batch/inputs/parquet_column';
import { loadParquetReader } from '../../batch/parquet';
import { describe } from '../../describe';
import { BitError } from '../../errors';
import { whyUnreadable } from '../../image/file';
import type { ImageInput } from '../../image/input';
import { chooseColumn, LABEL_COLUMNS } from './columns';
import { labelOf, named, unusable, type Found, type Label, type LabelOptions } from './labelled';
import { classNames } from './parquet_features';
import { picturesOf, RecentRows, withBuffer, type ParquetPicture } from './parquet_pictures';
import { withLists } from './text_labels';

/** What a ClassLabel has where a picture has no label. */
const NO_CLASS = -1;

export interface ParquetOptions extends LabelOptions {
  /** Null for the usual names. */
  imageColumn: string | null;
  labelColumn: string | null;
  signal?: AbortSignal;
}

/**
 * The pictures of all rows of `files`, in order. Everything is read once, some at a time, so that what is broken is
 * found now; of the pictures, some 256 MB at most stay in memory for all files together.
 * @throws BitError ERR_BIT_CONFIG for a file that cannot be read to its end, lacks a column, or has other
 * classes than those before it; the signal's reason.
 */
export async function readParquet(
  files: readonly string[],
  options: ParquetOptions,
): Promise<Found> {
  const recent = new RecentRows();
  const all: Found = { pictures: [], problems: [], classes: null };
  for (const [index, file] of files.entries()) {
    const found = await readFile(file, options, recent);
    if (index > 0 && !isDeepStrictEqual(found.classes, all.classes))
      throw unusable(
        `Expected the same classes in all files, but ${named(file)} has ${describe(found.classes)} ` +
          `and ${named(files[0] as string)} has ${describe(all.classes)}`,
      );
    all.classes = found.classes;
    all.pictures = all.pictures.concat(found.pictures);
    all.problems = all.problems.concat(found.problems);
  }
  return all.classes === null ? { ...all, pictures: withLists(all.pictures, options) } : all;
}

async function readFile(
  path: string,
  { imageColumn, labelColumn, signal }: ParquetOptions,
  recent: RecentRows,
): Promise<Found> {
  try {
    return await withBuffer(path, async (file) => {
      const column = await columnOf(file, imageColumn);
      const { metadata } = column;
      const names = labelColumn === null ? LABEL_COLUMNS : [labelColumn];
      const name = chooseColumn('labels', await columnNames(metadata), names, path);
      const cells: unknown[] = [];
      for await (const cell of rowsOf({ file, metadata, name })) {
        signal?.throwIfAborted();
        cells.push(cell);
      }
      const found: Found = { pictures: [], problems: [], classes: classNames(metadata, name) };
      const own = named(path);
      for await (const picture of picturesOf(path, column, recent)) {
        signal?.throwIfAborted();
        add(found, picture, cells[picture.row], `row ${picture.row} of ${own}`);
      }
      return found;
    });
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof BitError && cause.code === 'ERR_BIT_CONFIG') throw cause;
    throw unusable(`Cannot read all of ${named(path)}: ${whyUnreadable(cause)}`, cause);
  }
}

async function columnNames(metadata: FileMetaData): Promise<string[]> {
  const { parquetSchema } = await loadParquetReader();
  return parquetSchema(metadata).children.map(({ element }) => element.name);
}

function add(
  { pictures, problems, classes }: Found,
  { path, image }: Pick<ParquetPicture, 'path' | 'image'>,
  cell: unknown,
  where: string,
): void {
  const given = labelOf(cell, where);
  const label = classes === null || given === null ? given : inNames(given, classes, where);
  if (image === null) problems.push({ path, message: `${where} has no picture` });
  else if (label === null) problems.push({ path, message: `it has no label in ${where}` });
  // A held image is taken wherever an image is.
  else pictures.push({ path, image: image as ImageInput, label, where });
}

/** Numbers of a ClassLabel as the names that they stand for; null for its number for none. */
function inNames(label: Label, classes: readonly string[], where: string): Label | null {
  if (label === NO_CLASS) return null;
  const nameOf = (item: string | number): string => {
    const name = typeof item === 'number' ? classes[item] : item;
    if (name !== undefined) return name;
    const expected = `Expected whole numbers from 0 to ${classes.length - 1} for labels`;
    throw unusable(`${expected}, but ${where} has ${item}`);
  };
  return typeof label === 'object' ? label.map(nameOf) : nameOf(label);
}
