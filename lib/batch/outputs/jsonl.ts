// JSON lines: one object for each row.
import type { BatchRow } from '../row';
import type { RowFormat } from './writer';

export const JSONL: RowFormat = {
  endings: ['jsonl'],
  writer: ([file]) => ({
    write: (row) => file!.write(`${jsonOf(row)}\n`),
    end: () => Promise.resolve(),
  }),
};

/** An embedding as an array of numbers. */
export function jsonOf(row: BatchRow): string {
  return JSON.stringify(row.embedding ? { ...row, embedding: Array.from(row.embedding) } : row);
}
