// How many examples each class has.
import type { Dataset } from './dataset';

/**
 * How many examples a class has.
 * @category Training
 */
export interface ClassCount {
  /** The name of the class. */
  label: string;
  /** Its examples. */
  count: number;
}

/** In the order of the labels; an example of several counts for each of them. A regression has no classes. */
export function countsByClass({ problemType, labels, examples }: Dataset): ClassCount[] {
  if (problemType === 'regression') return [];
  const counts = labels.map((label): ClassCount => ({ label, count: 0 }));
  for (const { target } of examples) {
    const own = Array.isArray(target)
      ? counts.filter((_, at) => target[at] === 1)
      : counts.slice(target, target + 1);
    for (const each of own) each.count++;
  }
  return counts;
}

/** Examples of the largest class over those of the smallest: 1 where all have as many, Infinity where one has none. */
export function imbalance(counts: readonly Pick<ClassCount, 'count'>[]): number {
  const numbers = counts.map(({ count }) => count);
  const [largest, smallest] = numbers.reduce(
    ([most, least], count) => [Math.max(most, count), Math.min(least, count)],
    [0, Infinity],
  );
  return largest === smallest || numbers.length === 0 ? 1 : largest / smallest;
}
