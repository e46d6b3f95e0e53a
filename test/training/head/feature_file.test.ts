// What is kept of features, whatever befalls the file.
import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FeatureFile } from '../../../lib/training/head/feature_file';
import { failure } from '../../support/queue';
import { temporaryFolder } from '../../support/temporary';

const folder = temporaryFolder();
let count = 0;
let name: string;
beforeEach(() => (name = `file-${count++}`));

const WIDTH = 3;
const BLOCK = 48 + 64 * (32 + 4 * WIDTH);
const keyOf = (row: number) => row.toString(16).padStart(64, '0');
const rowOf = (row: number) => Float32Array.of(row, -row / 3, 1e-30);
const range = (end: number) => Array.from({ length: end }, (_, i) => i);
const path = () => join(folder, `${name}.rows`);
const open = () => FeatureFile.open(folder, name);

async function written(rows: number) {
  const file = await open();
  for (const row of range(rows)) await file.add(keyOf(row), rowOf(row));
  await file.flush();
  await file.close();
}

async function kept(most = 300): Promise<number[]> {
  const file = await open();
  const rows = range(most).filter((row) => file.has(keyOf(row)));
  const values = await file.read(rows.map(keyOf));
  for (const [at, row] of rows.entries())
    expect(values.subarray(WIDTH * at, WIDTH * (at + 1))).toEqual(rowOf(row));
  await file.close();
  return rows;
}

test('rows are there again, in any order', async () => {
  await written(150);
  expect(await kept()).toEqual(range(150));
  const file = await open();
  expect(file.width).toBe(WIDTH);
  expect(await file.read([keyOf(149), keyOf(0), keyOf(149)])).toEqual(
    Float32Array.from([149, 0, 149].flatMap((row) => [...rowOf(row)])),
  );
  expect(file.has(keyOf(150))).toBe(false);
  await file.add(keyOf(150), rowOf(150));
  expect(file.has(keyOf(150))).toBe(true);
  await file.flush();
  await file.close();
  expect(await kept()).toEqual(range(151));
});

test('what was not flushed is lost, and nothing else', async () => {
  const file = await open();
  for (const row of range(100)) await file.add(keyOf(row), rowOf(row));
  await file.close();
  expect(await kept()).toEqual(range(64));
});

test.each([1, 40, 100, BLOCK - 1])(
  'a file that lost its last %i bytes loses a block',
  async (lost) => {
    await written(128);
    truncateSync(path(), statSync(path()).size - lost);
    expect(await kept()).toEqual(range(64));
    expect(statSync(path()).size).toBe(BLOCK);
    await written(128); // goes on
    expect(await kept()).toEqual(range(128));
  },
);

test('a broken block is left out, and those after it are not', async () => {
  await written(192);
  const bytes = readFileSync(path());
  bytes[BLOCK + 100]! ^= 1;
  writeFileSync(path(), bytes);
  expect(await kept()).toEqual([...range(64), ...range(192).slice(128)]);
  await written(192);
  expect(await kept()).toEqual(range(192));
});

test.each([
  ['of its magic', 0],
  ['of its number of rows', 8],
  ['of its width', 12],
])('a broken head of a block ends the file there: %s', async (_, at) => {
  await written(192);
  const bytes = readFileSync(path());
  bytes[BLOCK + at]! ^= 0x81;
  writeFileSync(path(), bytes);
  expect(await kept()).toEqual(range(64));
  await written(192);
  expect(await kept()).toEqual(range(192));
});

test('a file of something else, or with something behind it, begins anew', async () => {
  writeFileSync(path(), 'not a file of features, but long enough for the head of a block');
  expect(await kept()).toEqual([]);
  await written(10);
  appendFileSync(path(), Buffer.alloc(5000));
  expect(await kept()).toEqual(range(10));
});

test('a place that cannot be written to is named', async () => {
  writeFileSync(join(folder, 'a file'), '');
  expect(await failure(FeatureFile.open(join(folder, 'a file', 'features'), name))).toMatch(
    /^ERR_BIT_OUTPUT: Cannot write .*a file/,
  );
});
