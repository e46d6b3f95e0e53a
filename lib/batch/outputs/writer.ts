// Rows to the files of a part, in one of several formats.
import type { StoreFile } from '../store/store';
import type { BatchRow } from '../row';

/** Writes the rows of one part. */
export interface RowWriter {
  write(row: BatchRow): Promise<void>;
  /** After the last row: all that is still to be written. */
  end(): Promise<void>;
}

/** What a part consists of. */
export interface Shape {
  task: 'image-classification' | 'image-feature-extraction';
  /** Labels of a row, or numbers of an embedding. */
  width: number;
}

/** One format. */
export interface RowFormat {
  /** Endings of a part's files, after its number; the first one holds the results. */
  readonly endings: readonly string[];
  /** @param files one for each ending. */
  writer(files: readonly StoreFile[], shape: Shape): RowWriter;
}
