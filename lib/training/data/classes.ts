// The classes of a data set: what they are called, and the number of each.
import { describe } from '../../describe';
import { didYouMean } from '../../nearest';
import type { DatasetProblem } from './dataset';
import { named, unusable, type LabelledPicture } from './labelled';

/** Beyond this, numbers are something else than classes: a head for so many has gigabytes. */
const MOST_CLASSES = 1_000_000;
/** Names or numbers that a message lists. */
const MOST_LISTED = 10;

export interface Classes {
  /** In the order of their numbers. */
  labels: string[];
  /** Of a name or a number that one of the pictures has. */
  numberOf: (label: string | number) => number;
  problems: DatasetProblem[];
}

/** By Unicode's code points, as Python compares, where `<` takes UTF-16's units. */
export const byCodePoint = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** transformers' name for a class or value that has none. */
export const numberName = (index: number) => `LABEL_${index}`;

/**
 * Those that are known; else the names that there are in code point order, or from number 0 to the largest.
 * @param pictures whose labels are names alone, or numbers alone.
 * @throws BitError ERR_BIT_CONFIG for a label that is none of them, naming its first picture.
 */
export function classesOf(
  pictures: readonly LabelledPicture[],
  known: readonly string[] | null,
  source: string,
): Classes {
  const places = firstPlaces(pictures);
  const found = [...places.keys()];
  const areNumbers = typeof found[0] === 'number';
  return areNumbers
    ? numbers(places as Map<number, LabelledPicture>, known, source)
    : names(places as Map<string, LabelledPicture>, known);
}

/** Each label, with the first picture that has it. */
function firstPlaces(pictures: readonly LabelledPicture[]): Map<string | number, LabelledPicture> {
  const places = new Map<string | number, LabelledPicture>();
  for (const picture of pictures)
    for (const label of [picture.label].flat()) if (!places.has(label)) places.set(label, picture);
  return places;
}

function names(places: Map<string, LabelledPicture>, known: readonly string[] | null): Classes {
  const labels = known ? [...known] : [...places.keys()].sort(byCodePoint);
  const numberByName = new Map(labels.map((label, index) => [label, index]));
  for (const [label, { path }] of places)
    if (!numberByName.has(label)) {
      const near = didYouMean(label, labels);
      const text = `Unknown label ${describe(label)} of ${named(path)}${near}`;
      throw unusable(`${text}; the labels are ${listed(labels)}`);
    }
  const numberOf = (label: string | number) => numberByName.get(label as string) as number;
  return { labels, numberOf, problems: [] };
}

function numbers(
  places: Map<number, LabelledPicture>,
  known: readonly string[] | null,
  source: string,
): Classes {
  const end = known?.length ?? MOST_CLASSES;
  let largest = -1;
  for (const [label, { where }] of places) {
    if (!Number.isInteger(label) || label < 0 || label >= end) {
      const expected = `Expected whole numbers from 0 to ${end - 1} for labels`;
      const advice = known ? '' : "; what is no class needs problemType 'regression'";
      throw unusable(`${expected}, but ${where} has ${label}${advice}`);
    }
    largest = Math.max(largest, label);
  }
  const labels = known
    ? [...known]
    : Array.from({ length: largest + 1 }, (_, at) => numberName(at));
  const isMissing = known ? [] : labels.flatMap((_, at) => (places.has(at) ? [] : [String(at)]));
  const message = `no picture has label ${listed(isMissing)}, and numbers of classes count from 0`;
  const problems = isMissing.length === 0 ? [] : [{ path: source, message }];
  // Not -0, which JSON has.
  return { labels, numberOf: (label) => Math.abs(label as number), problems };
}

const listed = (words: readonly string[]) =>
  words.length > MOST_LISTED
    ? `${words.slice(0, MOST_LISTED).join(', ')}, … (${words.length} in all)`
    : words.join(', ');
