// Examples by class, and some of each drawn by a seed.
import { Random } from '../random';
import type { Dataset, Example } from './dataset';

/** Examples that are drawn from apart from the others. */
export interface Stratum {
  /** What its draws are called. */
  name: string;
  /** Places in the data set. */
  places: number[];
}

/** One for each class that has examples; of several labels or a regression, one of all examples. */
export function strataOf({ problemType, labels, examples }: Dataset): Stratum[] {
  const places = examples.map((_, place) => place);
  if (problemType !== 'single_label_classification') return [{ name: '', places }];
  const strata = labels.map((name): Stratum => ({ name, places: [] }));
  for (const [place, { target }] of examples.entries())
    strata[target as number]?.places.push(place);
  return strata.filter((stratum) => stratum.places.length > 0);
}

/**
 * Places of `count` examples of a stratum. What is drawn for one does not depend on what else there is.
 * @param purpose has draws of its own.
 */
export function drawn(
  { name, places }: Stratum,
  count: number,
  seed: number,
  purpose: string,
): number[] {
  return new Random(seed, purpose, name).shuffled(places).slice(0, count);
}

/** Those at these places, in the order of the data set. */
export function examplesAt({ examples }: Dataset, places: Iterable<number>): Example[] {
  const chosen = new Set(places);
  return examples.filter((_, place) => chosen.has(place));
}
