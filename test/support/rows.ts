// Rows of every kind, and files that are written in memory.
import type { RowFormat, Shape } from '../../lib/batch/outputs/writer';
import type { BatchRow } from '../../lib/batch/row';

/** Paths that formats of text may trip over. */
export const ODD_PATHS = [
  'a.jpg',
  'with, comma.jpg',
  'with "quotes".jpg',
  'with\nline\r\nbreaks\r.jpg',
  ' with spaces ',
  "it's; a\ttab",
  'ünï 猫 🐈 \u2028.jpg',
  '=1+1',
  'null',
  '1e5',
];

export const LABELS: Shape = { task: 'image-classification', width: 2 };
export const FEATURES: Shape = { task: 'image-feature-extraction', width: 3 };

export const failed = (path: string): BatchRow => ({
  path,
  error: { code: 'ERR_BIT_IMAGE', message: 'Cannot read: no such file, or "gone"' },
});

export const labelRows: BatchRow[] = ODD_PATHS.flatMap((path, at) => [
  {
    path,
    predictions: [
      { label: `${path}, first`, score: Math.fround(0.9 - at / 100) },
      { label: 'second', score: Math.fround(at / 7) },
    ],
  },
  failed(`${path} failed`),
]);

export const featureRows: BatchRow[] = ODD_PATHS.flatMap((path, at) => [
  { path, embedding: Float32Array.of(at, Math.fround(at / 7), -1e-30) },
  failed(`${path} failed`),
]);

/** The files that a format makes of rows, one for each of its endings. */
export async function filesOf(
  format: RowFormat,
  shape: Shape,
  rows: readonly BatchRow[],
  during: (row: BatchRow) => void = () => undefined,
): Promise<Buffer[]> {
  const chunks = format.endings.map((): Uint8Array[] => []);
  const writer = format.writer(
    chunks.map((list) => ({
      write: (bytes) => {
        list.push(Buffer.from(bytes as string)); // a copy, of bytes too
        return Promise.resolve();
      },
      close: () => Promise.reject(new Error('not the writer’s to close')),
      discard: () => Promise.reject(new Error('not the writer’s to discard')),
    })),
    shape,
  );
  for (const row of rows) {
    await writer.write(row);
    during(row);
  }
  await writer.end();
  return chunks.map((list) => Buffer.concat(list));
}
