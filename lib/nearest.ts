// Which of some names a misspelt one may mean.

/** Letters that may be wrong: one in three of a name. */
const TOLERANCE = 1 / 3;

/** The name that is the same but for case and underscores, or a few letters; undefined if none is. */
export function nearest(given: string, names: readonly string[]): string | undefined {
  const plain = (name: string) => name.replaceAll('_', '').toLowerCase();
  const wanted = plain(given.slice(0, 100));
  let best: string | undefined;
  let least = Math.floor(TOLERANCE * wanted.length) + 1;
  for (const name of names) {
    const steps = distance(wanted, plain(name));
    if (steps < least) [best, least] = [name, steps];
  }
  return best;
}

/** Words to put behind a name that is not among these, where it may mean one of them; else none. */
export function didYouMean(given: string, names: readonly string[]): string {
  const near = nearest(given, names);
  return near === undefined ? '' : ` (did you mean '${near}'?)`;
}

/** Letters to insert, to leave out, to replace or to swap with the next (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (last[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
          ? (before[j - 2] as number) + 1
          : Infinity;
      row.push(Math.min(replaced, swapped, (last[j] as number) + 1, (row[j - 1] as number) + 1));
    }
    [before, last] = [last, row];
  }
  return last[b.length] as number;
}
