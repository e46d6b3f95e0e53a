// Features on disk, by keys: blocks of rows, each there as a whole or not at all, and told from broken ones by its hash.
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { explainWrites } from '../files';
import { AppendedFile } from '../logs/appended_file';

/** At the head of each block; the number is the format's. */
const MAGIC = Buffer.from('BITROWS1');
/** Magic, numbers of rows and of values of each, SHA-256 of the rest. */
const HEADER_BYTES = 48;
const KEY_BYTES = 32;
/** A block is written when it has so many rows, or after so long, in milliseconds: as much is lost at most. */
const BLOCK_ROWS = 64;
const BLOCK_MS = 5000;

interface Header {
  rows: number;
  width: number;
  hash: Buffer;
}

export class FeatureFile {
  /** Where the values of a key begin. */
  private readonly places = new Map<string, number>();
  private pending = new Map<string, Float32Array>();
  private last = Date.now();
  private rowWidth: number | null = null;

  private constructor(private readonly file: AppendedFile) {}

  /**
   * Opens the file that is there, or a new one. All of it is read: what is broken is left out.
   * @param name of the model and of how pictures are prepared.
   * @throws BitError ERR_BIT_OUTPUT.
   */
  static async open(folder: string, name: string): Promise<FeatureFile> {
    await explainWrites(folder, () => mkdir(folder, { recursive: true }));
    const opened = new FeatureFile(await AppendedFile.open(join(folder, `${name}.rows`)));
    try {
      await opened.index();
      return opened;
    } catch (error) {
      await opened.file.close();
      throw error;
    }
  }

  /** Values of a row; null before there is one. */
  get width(): number | null {
    return this.rowWidth;
  }

  has(key: string): boolean {
    return this.places.has(key) || this.pending.has(key);
  }

  /** @throws BitError ERR_BIT_OUTPUT. */
  async add(key: string, row: Float32Array): Promise<void> {
    this.rowWidth ??= row.length;
    this.pending.set(key, row);
    if (this.pending.size >= BLOCK_ROWS || Date.now() - this.last >= BLOCK_MS) await this.flush();
  }

  /** Resolves when all that was added is on the disk. @throws BitError ERR_BIT_OUTPUT. */
  async flush(): Promise<void> {
    this.last = Date.now();
    if (this.pending.size === 0) return;
    const block = this.pending;
    const width = this.rowWidth as number;
    const payload = Buffer.concat(
      [...block].flatMap(([key, row]) => [bytesOfKey(key), bytesOf(row)]),
    );
    const header = Buffer.alloc(HEADER_BYTES);
    MAGIC.copy(header);
    header.writeUInt32LE(block.size, 8);
    header.writeUInt32LE(width, 12);
    hashOf(payload).copy(header, 16);
    const start = this.file.size + HEADER_BYTES;
    await this.file.append(Buffer.concat([header, payload]));
    this.remember([...block.keys()], start, width);
    this.pending = new Map();
  }

  /** Rows [n, width] of keys that are there, after flush(). @throws BitError ERR_BIT_OUTPUT. */
  async read(keys: readonly string[]): Promise<Float32Array> {
    const width = this.rowWidth ?? 0;
    const rows = new Float32Array(keys.length * width);
    for (const [at, key] of keys.entries()) {
      const row = new Uint8Array(rows.buffer, 4 * at * width, 4 * width);
      await this.file.readInto(row, this.places.get(key) as number);
    }
    return rows;
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  /** What follows a block that is cut short, or is none, is cut off: later ones could not be found. */
  private async index(): Promise<void> {
    let at = 0;
    for (let block; (block = await this.blockAt(at)); at += block.bytes)
      if (block.keys) this.remember(block.keys, at + HEADER_BYTES, block.width);
    await this.file.cut(at);
  }

  private async blockAt(
    at: number,
  ): Promise<{ bytes: number; width: number; keys: string[] | null } | null> {
    const left = this.file.size - at;
    const header = left < HEADER_BYTES ? null : headerOf(await this.bytesAt(at, HEADER_BYTES));
    if (!header) return null;
    const { rows, width, hash } = header;
    const size = rows * (KEY_BYTES + 4 * width);
    if (size > left - HEADER_BYTES || width !== (this.rowWidth ?? width)) return null;
    const payload = await this.bytesAt(at + HEADER_BYTES, size);
    const keys = hashOf(payload).equals(hash) ? keysIn(payload, rows, width) : null;
    return { bytes: HEADER_BYTES + size, width, keys };
  }

  private async bytesAt(at: number, size: number): Promise<Buffer> {
    const bytes = Buffer.alloc(size);
    await this.file.readInto(bytes, at);
    return bytes;
  }

  private remember(keys: readonly string[], start: number, width: number): void {
    this.rowWidth ??= width;
    for (const [row, key] of keys.entries())
      this.places.set(key, start + row * (KEY_BYTES + 4 * width) + KEY_BYTES);
  }
}

function headerOf(bytes: Buffer): Header | null {
  const [rows, width] = [bytes.readUInt32LE(8), bytes.readUInt32LE(12)];
  const isOne = MAGIC.equals(bytes.subarray(0, 8)) && rows > 0 && rows <= BLOCK_ROWS && width > 0;
  return isOne ? { rows, width, hash: bytes.subarray(16) } : null;
}

const keysIn = (payload: Buffer, rows: number, width: number) =>
  Array.from({ length: rows }, (_, row) => {
    const at = row * (KEY_BYTES + 4 * width);
    return payload.toString('hex', at, at + KEY_BYTES);
  });

const bytesOfKey = (key: string) => Buffer.from(key, 'hex');
const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
const hashOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest();
