// A listing that goes on by itself, a bounded way ahead of whoever takes from it.

/** Paths that are held: some megabytes. */
const MOST_AHEAD = 10_000;

/** What `source` gives, taken before it is asked for; so a listing that is not too long knows its length soon. */
export class Ahead<T> implements AsyncIterable<T> {
  /** How many there are in all; null until the source has ended. */
  total: number | null = null;
  private count = 0;
  private readonly held: T[] = [];
  private end: { error?: unknown } | null = null;
  private wakeReader: (() => void) | null = null;
  private wakePump: (() => void) | null = null;

  constructor(
    private readonly source: AsyncIterable<T>,
    private readonly most = MOST_AHEAD,
  ) {
    void this.pump();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    try {
      for (;;) {
        while (this.held.length > 0) {
          const value = this.held.shift() as T;
          this.wakePump?.();
          yield value;
        }
        if (this.end) break;
        await new Promise<void>((wake) => (this.wakeReader = wake));
      }
      if ('error' in this.end) throw this.end.error;
    } finally {
      this.end ??= {};
      this.wakePump?.();
    }
  }

  private async pump(): Promise<void> {
    try {
      for await (const value of this.source) {
        if (this.end) return; // nobody takes any more
        this.held.push(value);
        this.count++;
        this.wakeReader?.();
        while (this.held.length >= this.most && !this.end)
          await new Promise<void>((wake) => (this.wakePump = wake));
      }
      this.total = this.count;
      this.end ??= {};
    } catch (error) {
      this.end ??= { error };
    }
    this.wakeReader?.();
  }
}
