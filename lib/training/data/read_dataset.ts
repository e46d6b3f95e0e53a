// Data sets for training, as people have them: folders of classes, tables, Parquet files.
import { anything, listOf, nullable, oneOf, text, type Check } from '../../config/checks';
import { checkOptions, type OptionChecks } from '../../config/options';
import { invalid } from '../../errors';
import { throwIfAborted } from '../../signal';
import { readClassFolders } from './class_folders';
import type { Dataset, ProblemType } from './dataset';
import { named, unusable, type Found } from './labelled';
import { readParquet } from './parquet_dataset';
import { lookAt, type Place, type Source, type Split } from './source';
import { readTable } from './table';
import { datasetOf } from './targets';

/** All of them may be left out or null. */
export interface ReadDatasetOptions {
  /** All labels that there are, in their order; by default they follow from the data. */
  labels?: readonly string[] | null;
  /** By default what the labels look like: lists are several labels, all else is one. */
  problemType?: ProblemType | null;
  /** The column of a table that holds paths; default the first of path, file_name, image. */
  pathColumn?: string | null;
  /** The column that holds labels; default the first of label, labels, target. */
  labelColumn?: string | null;
  /** The column of Parquet files that holds pictures; default the first one with a usual name. */
  imageColumn?: string | null;
  /** Which part is read, of a source that has some (see {@link splitsOf}). */
  split?: Split | null;
  signal?: AbortSignal;
}

const labelList: Check = {
  expected: 'a list of names, each once',
  test: (value) =>
    listOf('names', text.test).test(value) &&
    (value as string[]).length > 0 &&
    new Set(value as string[]).size === (value as string[]).length,
};
const column: Check = nullable(text);

const CHECKS: OptionChecks<ReadDatasetOptions> = {
  labels: nullable(labelList),
  problemType: nullable(
    oneOf('single_label_classification', 'multi_label_classification', 'regression'),
  ),
  pathColumn: column,
  labelColumn: column,
  imageColumn: column,
  split: nullable(oneOf('train', 'validation', 'test')),
  signal: anything,
};

/**
 * The parts that a source has, such as `train` and `validation`: folders of these names (also `val` and `valid`)
 * with nothing beside them that could be a class, or Parquet files with them in their names. None for most.
 * @throws BitError ERR_BIT_CONFIG for what is no data set, or cannot be read.
 */
export async function splitsOf(source: string): Promise<Split[]> {
  expectText(source);
  const found = await lookAt(source);
  return found.kind === 'parts' ? [...found.parts.keys()] : [];
}

/**
 * Pictures with what they are to be taken for. The source is
 * - a folder with a folder for each class: as torchvision's ImageFolder, but that hidden files and folders
 *   are left out;
 * - a folder with metadata.csv or metadata.jsonl, whose columns are file_name and label;
 * - a .csv file with a line of names, or a .jsonl file, of paths and labels;
 * - Parquet files as Hugging Face datasets has them: one, a folder of them, or one with such a folder in it.
 *
 * Labels of a table are names (classes in code point order) or numbers from 0 (LABEL_0 and so on, where the file has
 * no names for them); lists in JSON or with `|` between are several labels of one picture. Cells of CSV that are
 * whole numbers are numbers, unless all of them are among `labels`. Whether pictures are there, and can be
 * read, is found when they are read.
 * @throws BitError ERR_BIT_CONFIG for what cannot be read, has no examples, or has labels that do not fit each other or
 * `labels`; the signal's reason.
 */
export async function readDataset(
  source: string,
  options: ReadDatasetOptions | null = {},
): Promise<Dataset> {
  expectText(source);
  const given = checkOptions<ReadDatasetOptions>(options, CHECKS);
  throwIfAborted(given.signal);
  const place = partOf(await lookAt(source), given.split ?? null, source);
  const settings = {
    labels: given.labels ?? null,
    problemType: given.problemType ?? null,
    pathColumn: given.pathColumn ?? null,
    labelColumn: given.labelColumn ?? null,
    imageColumn: given.imageColumn ?? null,
    signal: given.signal,
  };
  const found = await readPlace(place, settings);
  if (found.pictures.length === 0) throw nothingIn(place, found);
  return datasetOf(found, settings, source);
}

function expectText(source: unknown): asserts source is string {
  const isPath = typeof source === 'string' && source !== '' && !source.includes('\0');
  if (!isPath) throw invalid('ERR_BIT_CONFIG', 'the data set', 'a path', source);
}

function partOf(source: Source, split: Split | null, name: string): Place {
  const parts = source.kind === 'parts' ? [...source.parts.keys()] : [];
  if (source.kind !== 'parts') {
    if (split === null) return source;
    throw unusable(`There is no ${split} part in ${named(name)}, which has no parts`);
  }
  const place = split === null ? undefined : source.parts.get(split);
  if (place !== undefined) return place;
  const wanted = split === null ? 'Expected the option split' : `There is no ${split} part`;
  throw unusable(`${wanted} for ${named(name)}, which has the parts ${parts.join(', ')}`);
}

function readPlace(
  place: Place,
  settings: Parameters<typeof readTable>[1] & Parameters<typeof readParquet>[1],
): Promise<Found> {
  switch (place.kind) {
    case 'classes':
      return readClassFolders(place.folder, settings);
    case 'table':
      return readTable(place.file, settings);
    case 'parquet':
      return readParquet(place.files, settings);
  }
}

function nothingIn(place: Place, { problems }: Found) {
  const sought = {
    classes:
      'folders of pictures, one for each class, metadata.csv, metadata.jsonl or .parquet files',
    table: 'rows with a path and a label',
    parquet: 'rows with a picture and a label',
  }[place.kind];
  const where =
    place.kind === 'classes'
      ? place.folder
      : place.kind === 'table'
        ? place.file
        : place.files.map(named).join(', ');
  const first = problems[0];
  const also = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  const why = first ? `; ${named(first.path)}: ${first.message}${also}` : '';
  return unusable(`Found nothing to learn from in ${named(where)}: looked for ${sought}${why}`);
}
