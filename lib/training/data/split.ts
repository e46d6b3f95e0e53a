// A part of a data set that is kept from the training, to tell how good what was learnt is.
import { invalid } from '../../errors';
import type { Dataset } from './dataset';
import { drawn, examplesAt, strataOf } from './strata';

/**
 * Draws the validation's part by the seed: of n examples of each class `fraction * n`, rounded, one at least where there
 * are two, and never the last one. Both parts keep the order of the examples; problems stay with the training's.
 * Where an example has several labels, or values of a regression, the share is that of all examples: classes may come out
 * uneven, and rare labels in one part alone.
 * @param fraction from 0, for none, to below 1.
 * @throws BitError ERR_BIT_CONFIG for another one.
 */
export function splitOff(
  dataset: Dataset,
  fraction: number,
  seed: number,
): { train: Dataset; validation: Dataset } {
  if (!(fraction >= 0 && fraction < 1))
    throw invalid('ERR_BIT_CONFIG', 'fraction', 'a number from 0 to below 1', fraction);
  const kept = new Set(
    strataOf(dataset).flatMap((stratum) =>
      drawn(stratum, countOf(stratum.places.length, fraction), seed, 'split'),
    ),
  );
  const others = dataset.examples.flatMap((_, place) => (kept.has(place) ? [] : [place]));
  return {
    train: { ...dataset, examples: examplesAt(dataset, others) },
    validation: { ...dataset, examples: examplesAt(dataset, kept), problems: [] },
  };
}

function countOf(examples: number, fraction: number): number {
  if (fraction === 0) return 0;
  return Math.min(Math.max(Math.round(fraction * examples), 1), examples - 1);
}
