// Data sets in tables: a path and a label in each row.
import { dirname, isAbsolute, join } from 'node:path';
import { isUrl } from '../../batch/inputs/listed';
import { invalid } from '../../errors';
import { chooseColumn, LABEL_COLUMNS, PATH_COLUMNS, type ColumnOptions } from './columns';
import { labelOf, named, type Found, type LabelOptions } from './labelled';
import { tableRows } from './table_rows';
import { meantByCells, withLists } from './text_labels';

/**
 * The pictures of a .csv or .jsonl file, whose paths start from the folder that it is in. Whether they are there is
 * not looked at.
 * @throws BitError ERR_BIT_CONFIG for what cannot be read, lacks a column, or has other things in it than paths
 * and labels; the signal's reason.
 */
export async function readTable(
  file: string,
  options: LabelOptions & ColumnOptions & { signal?: AbortSignal },
): Promise<Found> {
  const { pathColumn, labelColumn, signal } = options;
  const pathNames = pathColumn === null ? PATH_COLUMNS : [pathColumn];
  const labelNames = labelColumn === null ? LABEL_COLUMNS : [labelColumn];
  const table = await tableRows(file, new Set([...pathNames, ...labelNames]), signal);
  const paths = chooseColumn('paths', table.columns, pathNames, file);
  const labels = chooseColumn('labels', table.columns, labelNames, file);
  const found: Found = { pictures: [], problems: [], classes: null };
  const name = named(file);
  for (const { line, cells } of table.rows) {
    const where = `line ${line} of ${name}`;
    const text = pathOf(cells.get(paths), where);
    const label = labelOf(cells.get(labels), where);
    if (text === null) {
      found.problems.push({ path: file, message: `line ${line} has no path` });
      continue;
    }
    const image = placed(text, file);
    // A picture in a data: URL has millions of characters.
    const path = /^\s*data:/i.test(image) ? where : image;
    if (label === null) found.problems.push({ path, message: `it has no label in ${where}` });
    else found.pictures.push({ path, image, label, where });
  }
  const meant = /\.csv$/i.test(file) ? meantByCells : withLists;
  return { ...found, pictures: meant(found.pictures, options) };
}

function pathOf(cell: unknown, where: string): string | null {
  if (cell === null || cell === undefined) return null;
  if (typeof cell !== 'string')
    throw invalid('ERR_BIT_CONFIG', `the path in ${where}`, 'text', cell);
  return cell.trim() === '' ? null : cell;
}

/** A path as a file means it. */
export const placed = (path: string, file: string) =>
  isUrl(path) || isAbsolute(path) ? path : join(dirname(file), path);
