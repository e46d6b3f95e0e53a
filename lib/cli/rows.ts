// Commands that show the rows of a batch.

import { batch, type BatchJobOptions, type BatchRow } from '../index';
import type { Outcome, Runner } from './batches';

/** Runs paths as batch() does, without shards; the model is loaded with the first of them. */
export function rowsRunner<T>(
  options: BatchJobOptions,
  resultOf: (row: BatchRow) => T | undefined,
): Promise<Runner<T>> {
  async function* settled(paths: AsyncIterable<string>): AsyncGenerator<Outcome<T>> {
    for await (const row of batch({ ...options, inputs: named(paths) })) {
      const { path, error } = row;
      yield error ? { path, error } : { path, result: resultOf(row) as T };
    }
  }
  return Promise.resolve({ settled, dispose: () => Promise.resolve() });
}

/** Names of their own are never shards. */
async function* named(paths: AsyncIterable<string>) {
  for await (const path of paths) yield { path, image: path };
}
