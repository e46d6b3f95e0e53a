// Several ranks of one training in this process: each with a connection to all others, as in processes of their own.
import type { DistributedOptions } from '../../lib';

/** Far more than any of them takes, on a busy machine too. */
const PATIENCE_MS = 30_000;

/** What each of them comes to, by rank. Rank 0 listens on a port of its own before the others come. */
export async function amongRanks<T>(
  worldSize: number,
  work: (
    distributed: Required<Omit<DistributedOptions, 'localRank' | 'localWorldSize'>>,
  ) => Promise<T>,
  limits: Pick<DistributedOptions, 'timeoutMs' | 'joinTimeoutMs'> = {},
): Promise<PromiseSettledResult<T>[]> {
  let onListening: (port: number) => void = () => undefined;
  const listening = new Promise<number>((resolve) => (onListening = resolve));
  const given = { worldSize, masterAddr: '127.0.0.1', onListening };
  const patience = { timeoutMs: PATIENCE_MS, joinTimeoutMs: PATIENCE_MS, ...limits };
  const first = work({ ...given, ...patience, rank: 0, masterPort: 0 });
  // One that fails before it listens has no others.
  const port = await Promise.race([listening, first.then(noPort, noPort)]);
  const others = Array.from({ length: port === null ? 0 : worldSize - 1 }, (_, i) =>
    work({ ...given, ...patience, rank: i + 1, masterPort: port as number }),
  );
  return Promise.allSettled([first, ...others]);
}

const noPort = () => null;

/** The same where none of them may fail. */
export async function allOfRanks<T>(...args: Parameters<typeof amongRanks<T>>): Promise<T[]> {
  const ends = await amongRanks(...args);
  return ends.map((end) => {
    if (end.status === 'rejected') throw end.reason;
    return end.value;
  });
}

/** Code and message of what each of them rejected with. */
export const failures = (ends: readonly PromiseSettledResult<unknown>[]) =>
  ends.map((end) => {
    if (end.status === 'fulfilled') return 'it did not fail';
    const { code, message } = end.reason as NodeJS.ErrnoException;
    return `${code}: ${message}`;
  });
