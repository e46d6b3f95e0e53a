import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NPY } from '../../../lib/batch/outputs/npy';
import type { BatchRow } from '../../../lib/batch/row';
import { failed, FEATURES, featureRows, filesOf } from '../../support/rows';
import { BATCH } from '../../support/shards';

/** By the specification of the format (numpy.lib.format, version 1.0). */
function arrayOf(file: Buffer | undefined): { shape: number[]; values: Float32Array } {
  if (!file) throw new Error('no file');
  expect(file.subarray(0, 8).toString('latin1')).toBe('\x93NUMPY\x01\x00');
  const end = 10 + file.readUInt16LE(8);
  expect(end % 64).toBe(0);
  const header = file.subarray(10, end).toString('latin1');
  const [, rows, width] =
    /^\{'descr': '<f4', 'fortran_order': False, 'shape': \((\d+), (\d+)\), \} *\n$/.exec(header) ??
    [];
  const values = Float32Array.from({ length: (file.length - end) / 4 }, (_, at) =>
    file.readFloatLE(end + 4 * at),
  );
  return { shape: [Number(rows), Number(width)], values };
}

const linesOf = (file: Buffer | undefined) =>
  String(file)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as object);

test('embeddings in order, and beside them whose they are', async () => {
  const [array, rows] = await filesOf(NPY, FEATURES, featureRows);
  const embeddings = featureRows.flatMap(({ embedding }) => (embedding ? [embedding] : []));
  const { shape, values } = arrayOf(array);
  expect(shape).toEqual([embeddings.length, 3]);
  expect(values).toEqual(Float32Array.from(embeddings.flatMap((each) => [...each])));
  let row = 0;
  expect(linesOf(rows)).toEqual(
    featureRows.map((each) => (each.embedding ? { path: each.path, row: row++ } : each)),
  );
});

test.each([
  ['floats.npy', 3, 2],
  ['none.npy', 0, 5],
  ['many.npy', 1000, 1],
])('%s is as NumPy saves it', async (name, count, width) => {
  const rows = Array.from({ length: count }, (_, row): BatchRow => {
    const embedding = Float32Array.from({ length: width }, (_, at) => (row * width + at) / 8);
    return { path: `${row}`, embedding };
  });
  const [array] = await filesOf(NPY, { ...FEATURES, width }, rows);
  expect(array?.equals(readFileSync(join(BATCH, name)))).toBe(true);
});

test('a part without a result has no row', async () => {
  const [array, rows] = await filesOf(NPY, { ...FEATURES, width: 2048 }, [
    failed('a'),
    failed('b'),
  ]);
  expect(arrayOf(array)).toEqual({ shape: [0, 2048], values: new Float32Array(0) });
  expect(linesOf(rows)).toEqual([failed('a'), failed('b')]);
});

test('what the caller does with an embedding changes nothing', async () => {
  const rows = (): BatchRow[] => [{ path: 'a', embedding: Float32Array.of(1, 2, 3) }];
  const [changed] = await filesOf(NPY, FEATURES, rows(), ({ embedding }) => embedding?.fill(9));
  expect(arrayOf(changed).values).toEqual(Float32Array.of(1, 2, 3));
});

test('a view of a larger array is written alone', async () => {
  const all = Float32Array.of(0, 1, 2, 3, 4);
  const [array] = await filesOf(NPY, FEATURES, [{ path: 'a', embedding: all.subarray(1, 4) }]);
  expect(arrayOf(array)).toEqual({ shape: [1, 3], values: Float32Array.of(1, 2, 3) });
});
