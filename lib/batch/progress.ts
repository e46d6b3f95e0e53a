// How far a job is, and how fast it goes.

/**
 * What a job tells of itself as it goes on.
 * @category Batch jobs
 */
export interface BatchProgress {
  /** Rows so far, those of earlier runs too. */
  done: number;
  /** Rows there will be; null while that is not known: shards tell only as they are read. */
  total: number | null;
  /** Rows with an error, by its code. */
  errors: Record<string, number>;
  /** Rows a second, of late. */
  rate: number;
  /** Seconds that are left at this rate; null where total is, or while there is no rate. */
  secondsLeft: number | null;
}

/** What is taken as 'of late', in milliseconds. */
const WINDOW_MS = 10_000;
/** Between two calls, in milliseconds. */
const EVERY_MS = 200;

/** Counts rows. */
export class ProgressMeter {
  private done = 0;
  private errors: Record<string, number> = {};
  private told = -Infinity;
  /** When there were how many, the oldest first: one for each time it was told. */
  private readonly marks: { at: number; done: number }[] = [];

  constructor(
    private readonly total: number | null,
    private readonly tell: ((progress: BatchProgress) => void) | undefined,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Rows that are there, whatever was counted before. */
  start(rows: number, errors: Record<string, number>): void {
    this.done = rows;
    this.errors = { ...errors };
    this.resume();
    this.report();
  }

  /** Work goes on after a pause, which is not to count. */
  resume(): void {
    this.marks.splice(0, Infinity, { at: this.now(), done: this.done });
  }

  /** One row more, with an error's code where it has one. */
  row(code: string | undefined): void {
    this.count(1, code === undefined ? {} : { [code]: 1 });
    if (this.now() - this.told >= EVERY_MS) this.report();
  }

  end(): void {
    this.report();
  }

  private count(rows: number, errors: Record<string, number>): void {
    this.done += rows;
    for (const [code, count] of Object.entries(errors))
      this.errors[code] = (this.errors[code] ?? 0) + count;
  }

  private report(): void {
    if (!this.tell) return;
    const at = this.now();
    this.told = at;
    while (this.marks.length > 1 && at - this.marks[0]!.at > WINDOW_MS) this.marks.shift();
    const since = this.marks[0] ?? { at, done: this.done };
    this.marks.push({ at, done: this.done });
    const seconds = (at - since.at) / 1000;
    const rate = seconds > 0 ? (this.done - since.done) / seconds : 0;
    const { done, total } = this;
    const errors = { ...this.errors };
    this.tell({ done, total, errors, rate, secondsLeft: secondsFor(total, done, rate) });
  }
}

function secondsFor(total: number | null, done: number, rate: number): number | null {
  if (total === null) return null;
  if (done >= total) return 0;
  return rate > 0 ? (total - done) / rate : null;
}
