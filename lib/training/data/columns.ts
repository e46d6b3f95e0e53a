// Which columns of a table hold what.
import { didYouMean } from '../../nearest';
import { named, unusable } from './labelled';

/** Names that are looked for, the first one first, where none is given. */
export const PATH_COLUMNS: readonly string[] = ['path', 'file_name', 'image'];
export const LABEL_COLUMNS: readonly string[] = ['label', 'labels', 'target'];

/** Null for the usual names. */
export interface ColumnOptions {
  pathColumn: string | null;
  labelColumn: string | null;
}

/**
 * The first of `names` that is there.
 * @param what it holds, in a word.
 * @throws BitError ERR_BIT_CONFIG where there is none, or more than one of that name.
 */
export function chooseColumn(
  what: 'paths' | 'labels',
  columns: readonly string[],
  names: readonly string[],
  file: string,
): string {
  const name = names.find((each) => columns.includes(each));
  if (name === undefined) {
    const near = names.length === 1 ? didYouMean(names[0] as string, columns) : '';
    const wanted = `no column ${names.join(' or ')} with ${what}${near}`;
    const there = columns.length === 0 ? 'no columns' : columns.join(', ');
    throw unusable(`Cannot read the table ${named(file)}: ${wanted}; there are ${there}`);
  }
  if (columns.indexOf(name) !== columns.lastIndexOf(name))
    throw unusable(`Cannot read the table ${named(file)}: several columns are called ${name}`);
  return name;
}
