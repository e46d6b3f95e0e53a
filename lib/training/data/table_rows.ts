// Rows of tables in text: CSV with a line of names, and JSON Lines.
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { parse, type Info } from 'csv-parse';
import { linesOf } from '../../batch/inputs/lines';
import { isObject } from '../../config/checks';
import { expectFile, whyUnreadable } from '../../image/file';
import { named, unusable } from './labelled';

/** Characters of a row of CSV: one quote too many would make a row of all that follows. */
const MOST_CHARACTERS = 2 ** 26;

export interface Table {
  /** All that there are, in their order; of CSV some may have one name. */
  columns: string[];
  rows: TableRow[];
}

export interface TableRow {
  /** In the file, from 1; the last one where a row of CSV has several. */
  line: number;
  /** Of the columns that were asked for. */
  cells: ReadonlyMap<string, unknown>;
}

/**
 * @param wanted columns; what is in others is left out.
 * @throws BitError ERR_BIT_CONFIG for what cannot be read to its end, naming the line; the signal's reason.
 */
export async function tableRows(
  file: string,
  wanted: ReadonlySet<string>,
  signal?: AbortSignal,
): Promise<Table> {
  const read = /\.csv$/i.test(file) ? csvTable : jsonTable;
  try {
    await expectFile(file);
    return await read(file, wanted, signal);
  } catch (cause) {
    signal?.throwIfAborted();
    throw unusable(`Cannot read the table ${named(file)}: ${whyUnreadable(cause)}`, cause);
  }
}

/** @throws Error for what is no UTF-8, where names would come out with other letters. */
async function* textOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const decoded = (piece?: Uint8Array) => {
    try {
      return decoder.decode(piece, { stream: piece !== undefined });
    } catch {
      throw new Error('it is no text in UTF-8');
    }
  };
  for await (const piece of pieces) {
    const text = decoded(piece);
    // UTF-16 without its mark is UTF-8 with zeros between.
    if (text.includes('\0')) throw new Error('it is no text in UTF-8');
    yield text;
  }
  yield decoded();
}

async function csvTable(
  file: string,
  wanted: ReadonlySet<string>,
  signal?: AbortSignal,
): Promise<Table> {
  const parser = parse({
    bom: true,
    info: true,
    relax_column_count_less: true,
    skip_empty_lines: true,
    max_record_size: MOST_CHARACTERS,
  });
  const flow = pipeline(createReadStream(file), textOf, parser, { signal });
  flow.catch(() => undefined); // the parser throws it
  let columns: string[] | null = null;
  const rows: TableRow[] = [];
  for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: Info }>) {
    if (columns === null) {
      columns = record.map((name) => name.trim());
      continue;
    }
    const own = columns.flatMap((name, at): [string, unknown][] =>
      wanted.has(name) ? [[name, record[at]]] : [],
    );
    rows.push({ line: info.lines, cells: new Map(own) });
  }
  return { columns: columns ?? [], rows };
}

async function jsonTable(
  file: string,
  wanted: ReadonlySet<string>,
  signal?: AbortSignal,
): Promise<Table> {
  const columns = new Set<string>();
  const rows: TableRow[] = [];
  let line = 0;
  for await (const text of linesOf(textOf(createReadStream(file, { signal })))) {
    line++;
    if (text.trim() === '') continue;
    const row = objectIn(text, line);
    for (const name of Object.keys(row)) columns.add(name);
    rows.push({ line, cells: new Map(Object.entries(row).filter(([name]) => wanted.has(name))) });
  }
  return { columns: [...columns], rows };
}

function objectIn(text: string, line: number): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`line ${line} is no JSON (${(error as Error).message})`, { cause: error });
  }
  if (!isObject(value)) throw new Error(`line ${line} is no object of columns`);
  return value;
}
