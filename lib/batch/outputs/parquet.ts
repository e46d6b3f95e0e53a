// Parquet, compressed by zstd: a column for each field of a row, embeddings as lists of a fixed size.
import type { Data, DataType, Field, Struct, Table } from 'apache-arrow';
import { loadArrow, loadParquet } from '../parquet';
import type { BatchRow } from '../row';
import type { RowFormat, Shape } from './writer';

/**
 * `path: string`, `predictions: list<struct<label: string, score: float>>` or
 * `embedding: fixed_size_list<float>[width]`, `error: struct<code: string, message: string>`. A row
 * without predictions or error has null there, one without an embedding NaN in all of its places.
 */
export const PARQUET: RowFormat = {
  endings: ['parquet'],
  writer: ([file], shape) => {
    const rows: BatchRow[] = [];
    return {
      write: (row) => {
        rows.push(copyOf(row));
        return Promise.resolve();
      },
      end: () => file!.write(encoded(tableOf(rows, shape))),
    };
  },
};

/** Rows are written when all are there; the caller may have changed its own by then. */
function copyOf(row: BatchRow): BatchRow {
  if (row.embedding) return { ...row, embedding: row.embedding.slice() };
  if (row.predictions) return { ...row, predictions: row.predictions.map((each) => ({ ...each })) };
  return { ...row, error: { ...row.error } };
}

function encoded(table: Table): Uint8Array {
  const { Table, writeParquet, WriterPropertiesBuilder, Compression } = loadParquet();
  const stream = loadArrow().tableToIPC(table, 'stream');
  const properties = new WriterPropertiesBuilder().setCompression(Compression.ZSTD).build();
  return writeParquet(Table.fromIPCStream(stream), properties);
}

function tableOf(rows: BatchRow[], { task, width }: Shape): Table {
  const { Field, List, Float32, RecordBatch, Schema, Struct, Table, Utf8 } = loadArrow();
  const text = (name: string) => new Field(name, new Utf8(), true);
  const columns: Column[] = [
    column(
      'path',
      new Utf8(),
      rows.map(({ path }) => path),
      false,
    ),
  ];
  if (task === 'image-classification') {
    const each = new Struct([text('label'), new Field('score', new Float32(), true)]);
    const lists = rows.map(({ predictions }) => predictions ?? null);
    columns.push(column('predictions', new List(new Field('item', each, true)), lists));
  } else {
    columns.push(embeddings(rows, width));
  }
  const error = new Struct([text('code'), text('message')]);
  columns.push(
    column(
      'error',
      error,
      rows.map((row) => row.error ?? null),
    ),
  );
  const fields = columns.map(({ field }) => field);
  const children = columns.map(({ data }) => data);
  const struct = loadArrow().makeData({ type: new Struct(fields), length: rows.length, children });
  return new Table(new RecordBatch(new Schema(fields), struct as Data<Struct>));
}

interface Column {
  field: Field;
  data: Data;
}

function column(name: string, type: DataType, values: unknown[], nullable = true): Column {
  const { Field, vectorFromArray } = loadArrow();
  const { data } = vectorFromArray(values, type);
  return { field: new Field(name, type, nullable), data: data[0] as Data };
}

/** Never null: Arrow's own reader of Parquet fails on lists of a fixed size that are. */
function embeddings(rows: BatchRow[], width: number): Column {
  const { Field, FixedSizeList, Float32, makeData } = loadArrow();
  const values = new Float32Array(rows.length * width).fill(NaN);
  rows.forEach(({ embedding }, at) => embedding && values.set(embedding, at * width));
  const item = new Field('item', new Float32(), false);
  const type = new FixedSizeList(width, item);
  const child = makeData({ type: item.type, length: values.length, data: values });
  const data = makeData({ type, length: rows.length, nullCount: 0, child });
  return { field: new Field('embedding', type, false), data: data as Data };
}
