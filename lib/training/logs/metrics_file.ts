// What a run measures of itself, step by step: JSON Lines, an object on each.
import { createReadStream } from 'node:fs';
import { shorten } from '../../describe';
import { BitError, invalid } from '../../errors';
import { AppendedFile, failure } from './appended_file';

/** One line. Numbers that JSON has not, such as NaN, are written as null. */
export interface MetricsRow {
  /** Steps that were done when it was measured. */
  step: number;
  [name: string]: unknown;
}

const NEWLINE = 0x0a;
/** What a crash leaves of a row: its beginning, or the zeros of a block that was never written. */
const TORN = /^\s*(\{|\0|$)/;

export class MetricsFile {
  private constructor(private readonly file: AppendedFile) {}

  /**
   * Opens the file that is there, or a new one. A last line that is torn, as a crash leaves it, is cut off.
   * @param after the step that a run goes on from: rows from the first of a later step on are cut off,
   * as the run will write them anew. Null: all stay.
   * @throws BitError ERR_BIT_OUTPUT for a file that cannot be written, or that holds something else,
   * which is left as it is.
   */
  static async open(
    path: string,
    { after = null }: { after?: number | null } = {},
  ): Promise<MetricsFile> {
    const file = await AppendedFile.open(path);
    try {
      const { end, isWhole } = await endOf(file, after ?? Infinity);
      await file.cut(end);
      // Somebody's editor may have left out the last line's end.
      if (!isWhole) await file.append(Buffer.of(NEWLINE));
      return new MetricsFile(file);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /**
   * Resolves when the row is on the disk.
   * @throws BitError ERR_BIT_OUTPUT where that fails: nothing of it is in the file then.
   */
  async append(row: MetricsRow): Promise<void> {
    if (!isRow(row))
      throw invalid('ERR_BIT_CONFIG', 'a row of metrics', 'an object with a step', row);
    await this.file.append(Buffer.from(`${JSON.stringify(row)}\n`));
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

/**
 * The rows of a file, which may be growing: a torn last line is passed over.
 * @throws BitError ERR_BIT_OUTPUT for a file that cannot be read, or that holds something else.
 */
export async function* readMetrics(path: string): AsyncGenerator<MetricsRow, void, undefined> {
  for await (const { row } of rowsOf(piecesOf(path), path)) yield row;
}

async function* piecesOf(path: string): AsyncGenerator<Buffer> {
  try {
    for await (const piece of createReadStream(path)) yield piece as Buffer;
  } catch (cause) {
    throw failure('read', path, cause);
  }
}

/** Where the rows end that are to stay, and whether the last of them has its line's end. */
async function endOf(
  file: AppendedFile,
  after: number,
): Promise<{ end: number; isWhole: boolean }> {
  let end = 0;
  for await (const { row, size, isEnded } of rowsOf(file.read(), file.path)) {
    if (row.step > after) break;
    end += size;
    if (!isEnded) return { end, isWhole: false };
  }
  return { end, isWhole: true };
}

/** Those that are whole. @throws BitError for a broken line, unless it is the last one and looks torn. */
async function* rowsOf(
  pieces: AsyncIterable<Buffer>,
  path: string,
): AsyncGenerator<Line & { row: MetricsRow }> {
  let number = 0;
  let torn: BitError | null = null;
  for await (const line of linesOf(pieces)) {
    if (torn) throw torn;
    number++;
    const row = parsed(line.text);
    if (isRow(row)) {
      yield { ...line, row };
      continue;
    }
    const shown = shorten(line.text.trim()) || 'it is empty';
    torn = new BitError(
      'ERR_BIT_OUTPUT',
      `Line ${number} of ${path} is no row of metrics: ${shown}`,
    );
    if (row !== undefined || !TORN.test(line.text)) throw torn;
  }
}

interface Line {
  text: string;
  /** Bytes, with its end. */
  size: number;
  isEnded: boolean;
}

async function* linesOf(pieces: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  let rest: Buffer[] = [];
  const taken = (last: Buffer, isEnded: boolean): Line => {
    const bytes = Buffer.concat([...rest, last]);
    rest = [];
    return { text: bytes.toString(), size: bytes.length, isEnded };
  };
  for await (const piece of pieces) {
    let from = 0;
    for (let at; (at = piece.indexOf(NEWLINE, from)) >= 0; from = at + 1)
      yield taken(piece.subarray(from, at + 1), true);
    if (from < piece.length) rest.push(piece.subarray(from));
  }
  if (rest.length > 0) yield taken(Buffer.alloc(0), false);
}

/** Undefined where it is no JSON. */
function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

const isRow = (value: unknown): value is MetricsRow =>
  typeof value === 'object' && value !== null && Number.isFinite((value as MetricsRow).step);
