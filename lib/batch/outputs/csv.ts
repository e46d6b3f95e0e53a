// CSV (RFC 4180, its lines ended as Unix has them): a line of names, then one for each row, of as many cells.
import { stringify } from 'csv-stringify/sync';
import type { BatchRow } from '../row';
import type { RowFormat, Shape } from './writer';

export const CSV: RowFormat = {
  endings: ['csv'],
  writer: ([file], shape) => {
    let hasNames = false;
    const writeNames = async () => {
      if (!hasNames) await file!.write(line(namesOf(shape)));
      hasNames = true;
    };
    return {
      write: async (row) => {
        await writeNames();
        await file!.write(
          line([row.path, ...resultOf(row, shape), row.error?.code, row.error?.message]),
        );
      },
      end: writeNames,
    };
  },
};

/** `label_1, score_1, …` or `e0, e1, …` between the path and the error. */
function namesOf({ task, width }: Shape): string[] {
  const each = Array.from({ length: width }, (_, at) =>
    task === 'image-classification' ? [`label_${at + 1}`, `score_${at + 1}`] : [`e${at}`],
  );
  return ['path', ...each.flat(), 'error_code', 'error_message'];
}

/** Empty cells where there is no result. */
function resultOf({ predictions, embedding }: BatchRow, { task, width }: Shape): unknown[] {
  const columns = task === 'image-classification' ? 2 * width : width;
  const cells: unknown[] =
    predictions?.flatMap(({ label, score }) => [label, score]) ?? Array.from(embedding ?? []);
  return [...cells, ...Array<undefined>(columns - cells.length)];
}

/** Of the ends of lines, the library quotes its own alone; readers take any for one. */
const OPTIONS = { quoted_match: /[\r\n]/ };

const line = (cells: unknown[]) => stringify([cells], OPTIONS);
