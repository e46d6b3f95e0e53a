// NumPy's .npy for embeddings, with JSON lines beside it that say whose they are.
import { endianness } from 'node:os';
import type { StoreFile } from '../store/store';
import { jsonOf } from './jsonl';
import type { RowFormat } from './writer';

/** Of version 1.0 of the format: the magic string, two numbers of the version, two bytes of a length. */
const PREFIX_BYTES = 10;
/** The header ends where a multiple of this begins. */
const ALIGNMENT = 64;

/**
 * `part-N.npy` holds float32 [rows, width], one row for each embedding; `part-N.rows.jsonl` a line for
 * each input, `{ path, row }` with its place in the array, or `{ path, error }`.
 * Source: numpy.lib.format, version 1.0.
 */
export const NPY: RowFormat = {
  endings: ['npy', 'rows.jsonl'],
  writer: ([array, rows], { width }) => {
    let count = 0;
    const pending = new Gathered(array!);
    return {
      write: async (row) => {
        if (row.embedding === undefined) return rows!.write(`${jsonOf(row)}\n`);
        await rows!.write(`${JSON.stringify({ path: row.path, row: count++ })}\n`);
        pending.add(row.embedding);
      },
      end: () => pending.writeTo(count, width),
    };
  },
};

/** Copies of a part's rows: the header counts them before the first, and the caller may change its own. */
class Gathered {
  private readonly parts: Uint8Array[] = [];

  constructor(private readonly file: StoreFile) {}

  add(values: Float32Array): void {
    this.parts.push(littleEndian(values));
  }

  async writeTo(count: number, width: number): Promise<void> {
    await this.file.write(headerOf(count, width));
    for (const part of this.parts) await this.file.write(part);
  }
}

function headerOf(count: number, width: number): Uint8Array {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${count}, ${width}), }`;
  const length = Math.ceil((PREFIX_BYTES + text.length + 1) / ALIGNMENT) * ALIGNMENT - PREFIX_BYTES;
  const header = Buffer.alloc(PREFIX_BYTES + length, ' ');
  header.write('\x93NUMPY\x01\x00', 'latin1');
  header.writeUInt16LE(length, PREFIX_BYTES - 2);
  header.write(text, PREFIX_BYTES, 'latin1');
  header.write('\n', header.length - 1);
  return header;
}

function littleEndian(values: Float32Array): Uint8Array {
  const bytes = Buffer.from(values.slice().buffer);
  return endianness() === 'LE' ? bytes : bytes.swap32();
}
