// Fewer examples than there are, drawn by a seed: some of each class, or some in all.
import { invalid } from '../../errors';
import { Random } from '../random';
import type { Dataset } from './dataset';
import { drawn, examplesAt, strataOf, type Stratum } from './strata';

/**
 * `k` examples of each class, as in the paper's few-shot trials; classes with fewer give all. They keep their order, and
 * those that are drawn for a smaller `k` are among those for a larger one.
 * @throws BitError ERR_BIT_CONFIG for a `k` that is no positive integer, and for examples that are not of one class each.
 */
export function examplesPerClass(dataset: Dataset, k: number, seed: number): Dataset {
  expectCount('examplesPerClass', k);
  const { problemType } = dataset;
  if (problemType !== 'single_label_classification') {
    const expected = "'single_label_classification' where examplesPerClass is given";
    throw invalid('ERR_BIT_CONFIG', 'problemType', expected, problemType);
  }
  const places = strataOf(dataset).flatMap((stratum) => drawn(stratum, k, seed, 'few-shot'));
  return { ...dataset, examples: examplesAt(dataset, places) };
}

/**
 * At most so many examples in all, each class in proportion to what it has, and one at least where there is room for one
 * of each. They keep their order. Of several labels or a regression, any examples are as likely.
 * @param most Infinity for all.
 * @throws BitError ERR_BIT_CONFIG for what is no positive integer.
 */
export function few(dataset: Dataset, most: number, seed: number): Dataset {
  expectCount('the most examples', most);
  if (dataset.examples.length <= most) return dataset;
  const strata = strataOf(dataset);
  const counts = shares(strata, most, seed);
  const places = strata.flatMap((stratum, at) => drawn(stratum, counts[at] as number, seed, 'few'));
  return { ...dataset, examples: examplesAt(dataset, places) };
}

/** How many each stratum gives, `most` together: one, and what is left by largest remainders; equal ones by lot. */
function shares(strata: readonly Stratum[], most: number, seed: number): number[] {
  const one = most >= strata.length ? 1 : 0;
  const left = most - one * strata.length;
  const weights = strata.map(({ places }) => places.length - one);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const exact = weights.map((weight) => (weight * left) / total);
  const counts = exact.map((share) => one + Math.floor(share));
  const rest = most - counts.reduce((sum, count) => sum + count, 0);
  const remainder = (at: number) => (exact[at] as number) % 1;
  const order = new Random(seed, 'shares').permutation(strata.length);
  for (const at of order.sort((a, b) => remainder(b) - remainder(a)).slice(0, rest))
    counts[at] = (counts[at] as number) + 1;
  return counts;
}

function expectCount(name: string, count: number): void {
  const isCount = count === Infinity || (Number.isSafeInteger(count) && count > 0);
  if (!isCount) throw invalid('ERR_BIT_CONFIG', name, 'a positive integer', count);
}
