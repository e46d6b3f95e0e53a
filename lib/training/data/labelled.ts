// Pictures with their labels as somebody wrote them, before it is known what all of the labels mean together.
import { shorten } from '../../describe';
import { BitError, invalid } from '../../errors';
import type { DatasetProblem, Example, ProblemType } from './dataset';

/** The name of a class or its number, several of those, or values of a regression. */
export type Label = string | number | readonly (string | number)[];

export interface LabelledPicture extends Pick<Example, 'path' | 'image'> {
  label: Label;
  /** Where the label stands, for messages. */
  where: string;
}

/** What was found of a data set. */
export interface Found {
  pictures: LabelledPicture[];
  problems: DatasetProblem[];
  /** The names that the files themselves give to numbers; null where they give none. */
  classes: string[] | null;
}

/** What is known of labels before they are read. */
export interface LabelOptions {
  /** All that there are, in their order; null where they follow from the data. */
  labels: readonly string[] | null;
  /** Null where it follows from the labels. */
  problemType: ProblemType | null;
}

/**
 * A cell as a label; null where it is empty, which NaN is too: tables that are written by pandas have it there.
 * @throws BitError ERR_BIT_CONFIG saying where something is that is no label.
 */
export function labelOf(cell: unknown, where: string): Label | null {
  if (cell === null || cell === undefined || Number.isNaN(cell)) return null;
  if (typeof cell === 'string' && cell.trim() === '') return null;
  const label = Array.isArray(cell) ? cell.map(asNumber) : asNumber(cell);
  const items: unknown[] = Array.isArray(label) ? label : [label];
  if (items.every((item) => typeof item === 'string' || typeof item === 'number'))
    return label as Label;
  const expected = 'a name, a number or a list of those';
  throw invalid('ERR_BIT_CONFIG', `the label in ${where}`, expected, cell);
}

/** Integers of 64 bits come as bigints; none that is a label is beyond what a number holds. */
const asNumber = (value: unknown) => (typeof value === 'bigint' ? Number(value) : value);

/** A data set that cannot be read, or has what cannot be. */
export function unusable(message: string, cause?: unknown): BitError {
  return new BitError('ERR_BIT_CONFIG', message, { cause });
}

/** A path or a place, short enough for a message. */
export const named = (place: string) => shorten(place, 300);
