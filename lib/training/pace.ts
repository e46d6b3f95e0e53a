// How fast a run goes, of late.

/** What is taken as 'of late': so many steps. */
const STEPS = 20;

export class Pace {
  /** When the last steps ended, in milliseconds; the first is when they began. */
  private readonly marks: number[];

  constructor(private readonly now: () => number = () => performance.now()) {
    this.marks = [now()];
  }

  /** One step more. @returns seconds that one takes. */
  step(): number {
    this.marks.push(this.now());
    if (this.marks.length > STEPS + 1) this.marks.shift();
    const last = this.marks.at(-1) as number;
    return Math.max(last - (this.marks[0] as number), 1e-3) / (this.marks.length - 1) / 1000;
  }
}
