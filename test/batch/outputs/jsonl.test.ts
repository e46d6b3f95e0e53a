import { JSONL, jsonOf } from '../../../lib/batch/outputs/jsonl';
import { failed, FEATURES, featureRows, filesOf, LABELS, labelRows } from '../../support/rows';

const linesOf = (file: Buffer | undefined) => {
  const lines = String(file).split('\n');
  expect(lines.pop()).toBe('');
  return lines.map((line) => JSON.parse(line) as object);
};

test('a line for each row, with what the row has', async () => {
  const [file] = await filesOf(JSONL, LABELS, labelRows);
  expect(linesOf(file)).toEqual(labelRows);
});

test('embeddings are arrays of the numbers that float32 holds', async () => {
  const [file] = await filesOf(JSONL, FEATURES, featureRows);
  const expected = featureRows.map((row) =>
    row.embedding ? { path: row.path, embedding: [...row.embedding] } : row,
  );
  expect(linesOf(file)).toEqual(expected);
  const numbers = (linesOf(file)[4] as { embedding: number[] }).embedding;
  expect(Float32Array.from(numbers)).toEqual(featureRows[4]?.embedding);
});

test('nothing but what is there', () => {
  expect(jsonOf(failed('a'))).toBe(
    '{"path":"a","error":{"code":"ERR_BIT_IMAGE","message":"Cannot read: no such file, or \\"gone\\""}}',
  );
  expect(jsonOf({ path: 'a', predictions: [] })).toBe('{"path":"a","predictions":[]}');
});

test('no rows are an empty file', async () => {
  expect(await filesOf(JSONL, LABELS, [])).toEqual([Buffer.alloc(0)]);
});
