// Files are read back by another library than the one that writes them.
import { PARQUET } from '../../../lib/batch/outputs/parquet';
import { loadCompressors, loadParquetReader } from '../../../lib/batch/parquet';
import type { BatchRow } from '../../../lib/batch/row';
import { failed, FEATURES, featureRows, filesOf, LABELS, labelRows } from '../../support/rows';

async function written(
  ...args: Parameters<typeof filesOf> extends [unknown, ...infer Rest] ? Rest : never
) {
  const [file] = await filesOf(PARQUET, ...args);
  return new Uint8Array(file ?? []).buffer;
}

async function read(file: ArrayBuffer): Promise<Record<string, unknown>[]> {
  const { parquetReadObjects } = await loadParquetReader();
  return parquetReadObjects({ file, compressors: await loadCompressors() });
}

const metadataOf = async (file: ArrayBuffer) => (await loadParquetReader()).parquetMetadata(file);

/** Name, type and what may be null of each column, nested ones after what they are in. */
async function schemaOf(file: ArrayBuffer): Promise<string[]> {
  const { schema } = await metadataOf(file);
  return schema.map(({ name, type, logical_type, converted_type, repetition_type }) =>
    [name, type ?? 'group', logical_type?.type ?? converted_type, repetition_type]
      .filter(Boolean)
      .join(' '),
  );
}

test('labels, whatever is in their names', async () => {
  const rows = await read(await written(LABELS, labelRows));
  expect(rows).toEqual(
    labelRows.map(({ path, predictions, error }) => ({
      path,
      predictions: predictions ?? null,
      error: error ?? null,
    })),
  );
});

test('embeddings, with NaN where there is none', async () => {
  const rows = await read(await written(FEATURES, featureRows));
  expect(rows).toEqual(
    featureRows.map(({ path, embedding, error }) => ({
      path,
      embedding: embedding ? [...embedding] : [NaN, NaN, NaN],
      error: error ?? null,
    })),
  );
});

test('columns have the types that are documented', async () => {
  const names = async (file: ArrayBuffer) => (await schemaOf(file)).slice(1);
  expect(await names(await written(LABELS, labelRows))).toEqual([
    'path BYTE_ARRAY STRING REQUIRED',
    'predictions group LIST OPTIONAL',
    'list group REPEATED',
    expect.stringMatching(/^(item|element) group OPTIONAL$/) as string,
    'label BYTE_ARRAY STRING OPTIONAL',
    'score FLOAT OPTIONAL',
    'error group OPTIONAL',
    'code BYTE_ARRAY STRING OPTIONAL',
    'message BYTE_ARRAY STRING OPTIONAL',
  ]);
  expect((await names(await written(FEATURES, featureRows))).slice(1, 4)).toEqual([
    'embedding group LIST REQUIRED',
    'list group REPEATED',
    expect.stringMatching(/^(item|element) FLOAT REQUIRED$/) as string,
  ]);
});

test('it is compressed by zstd', async () => {
  const { row_groups: groups } = await metadataOf(await written(LABELS, labelRows));
  const codecs = groups.flatMap(({ columns }) => columns.map((each) => each.meta_data?.codec));
  expect(new Set(codecs)).toEqual(new Set(['ZSTD']));
});

test.each([LABELS, FEATURES])('no rows, and none with a result: $task', async (shape) => {
  const none = await written(shape, []);
  expect(await read(none)).toEqual([]);
  const without = await written(shape, [failed('a'), failed('b')]);
  expect((await read(without)).map(({ path, predictions = null }) => [path, predictions])).toEqual([
    ['a', null],
    ['b', null],
  ]);
  expect(await schemaOf(without)).toEqual(await schemaOf(none));
});

test('a part of many rows, all with results', async () => {
  const rows = Array.from({ length: 5000 }, (_, at): BatchRow => ({
    path: `${at}.jpg`,
    predictions: [{ label: `label ${at % 3}`, score: 0.5 }],
  }));
  const back = await read(await written({ ...LABELS, width: 1 }, rows));
  expect(back).toEqual(rows.map((row) => ({ ...row, error: null })));
});

test('what the caller does with a row changes nothing', async () => {
  const spoil = (row: BatchRow) => {
    row.path = 'spoilt';
    row.embedding?.fill(9);
    row.predictions?.splice(1);
    if (row.predictions?.[0]) row.predictions[0].label = 'spoilt';
    if (row.error) row.error.message = 'spoilt';
  };
  const copy = (rows: BatchRow[]) => structuredClone(rows);
  for (const [shape, rows] of [
    [LABELS, labelRows],
    [FEATURES, featureRows],
  ] as const)
    expect(await read(await written(shape, copy(rows), spoil))).toEqual(
      await read(await written(shape, copy(rows))),
    );
});
