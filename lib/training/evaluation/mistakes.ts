// The worst of all mistakes: few, however many there are.

/** How many are kept. */
export const MOST_MISTAKES = 50;

/** Keeps those of the highest weight, the highest first; of equal ones, those that came first. */
export class Worst<T> {
  private readonly kept: { weight: number; mistake: T }[] = [];

  constructor(private readonly most = MOST_MISTAKES) {}

  add(weight: number, mistake: T): void {
    const { kept } = this;
    const place = kept.findIndex((each) => weight > each.weight);
    kept.splice(place < 0 ? kept.length : place, 0, { weight, mistake });
    kept.length = Math.min(kept.length, this.most);
  }

  get list(): T[] {
    return this.kept.map(({ mistake }) => mistake);
  }
}
