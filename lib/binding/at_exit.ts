// What is done when the process exits, by one listener however often the package is loaded.

const CLOSERS = Symbol.for('bigtransfer.atExit');

/** By the addon that they belong to. */
type Closers = Map<object, () => void>;

/**
 * Calls `close` at the process's end, once for each addon: copies of the package that share one
 * share what there is to close.
 */
export function closeAtExit(addon: object, close: () => void): void {
  const holder = process as { [CLOSERS]?: Closers };
  if (!holder[CLOSERS]) {
    const closers: Closers = new Map();
    Object.defineProperty(process, CLOSERS, { value: closers });
    process.once('exit', () => closers.forEach((each) => each()));
  }
  const closers = holder[CLOSERS] as Closers;
  if (!closers.has(addon)) closers.set(addon, close);
}
