// Which examples are left out together, to tell how good what is fitted to the others is.
import type { Dataset } from '../data/dataset';
import { strataOf } from '../data/strata';
import { Random } from '../random';

/** Of a cross-validation, where there are as many examples. */
const FOLDS = 5;
/** Beyond so many, one fold has enough to tell by: ±1 % of an accuracy at the most (95 %). */
const MANY = 50_000 / FOLDS;

export interface Folds {
  /** Of each example; -1 where it is in every fit. */
  ofExamples: number[];
  /** Those that are to be left out, one after the other; none where there are too few examples. */
  measured: number[];
}

/**
 * Draws them by the seed, evenly of each class: five, or as many as the smallest class has examples. Classes with one
 * example are in every fit. Of several labels or values the folds are drawn from all examples alike.
 */
export function foldsOf(dataset: Dataset, seed: number): Folds {
  const strata = strataOf(dataset).filter(({ places }) => places.length > 1);
  const count = Math.min(FOLDS, ...strata.map(({ places }) => places.length));
  const ofExamples = dataset.examples.map(() => -1);
  // Where one class ended the next goes on, so that folds are as large as each other.
  let next = 0;
  for (const { name, places } of strata)
    for (const place of new Random(seed, 'folds', name).shuffled(places))
      ofExamples[place] = next++ % count;
  const numbers = strata.length === 0 ? [] : Array.from({ length: count }, (_, fold) => fold);
  const isMany = dataset.examples.length > MANY;
  return { ofExamples, measured: isMany ? numbers.slice(0, 1) : numbers };
}
