// The formats by their names.
import { BitError } from '../../errors';
import type { Task } from '../../pipelines/parts';
import { CSV } from './csv';
import { JSONL } from './jsonl';
import { NPY } from './npy';
import { PARQUET } from './parquet';
import type { RowFormat } from './writer';

/**
 * How rows are written.
 * @category Batch jobs
 */
export type FormatName = 'jsonl' | 'csv' | 'parquet' | 'npy';

export const FORMATS: Readonly<Record<FormatName, RowFormat>> = {
  jsonl: JSONL,
  csv: CSV,
  parquet: PARQUET,
  npy: NPY,
};

/** @throws BitError ERR_BIT_CONFIG for an array of what is no numbers. */
export function expectFormatFor(task: Task, format: FormatName): void {
  if (format !== 'npy' || task === 'image-feature-extraction') return;
  const message = "The format 'npy' holds embeddings: choose another one for labels";
  throw new BitError('ERR_BIT_CONFIG', message);
}
