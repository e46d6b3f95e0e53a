import { expectFormatFor, FORMATS, type FormatName } from '../../../lib/batch/outputs/formats';

test('each format has endings of its own, the results’ first', () => {
  const endings = Object.entries(FORMATS).map(([name, { endings }]) => [name, ...endings]);
  expect(endings).toEqual([
    ['jsonl', 'jsonl'],
    ['csv', 'csv'],
    ['parquet', 'parquet'],
    ['npy', 'npy', 'rows.jsonl'],
  ]);
});

test('all hold embeddings, and all but one labels', () => {
  for (const name of Object.keys(FORMATS) as FormatName[]) {
    expect(() => expectFormatFor('image-feature-extraction', name)).not.toThrow();
    const labels = () => expectFormatFor('image-classification', name);
    if (name === 'npy') expect(labels).toThrow("The format 'npy' holds embeddings");
    else expect(labels).not.toThrow();
  }
});
