// Scalars for TensorBoard: event files as tensorboard/compat/proto/event.proto and TFRecord have them.
import { readdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { buf as crc32c } from 'crc-32/crc32c';
import { type BitError, invalid } from '../../errors';
import { AppendedFile } from './appended_file';

/** What TensorBoard looks for in a name, with the seconds by which it orders files. */
const NAME = /^events\.out\.tfevents\.(\d{10})\./;
/** Of event.proto and summary.proto, the numbers of fields. */
const EVENT = { wallTime: 1, step: 2, fileVersion: 3, summary: 5, sessionLog: 7 };
const SUMMARY = { value: 1 };
const VALUE = { tag: 1, simpleValue: 2 };
const SESSION_LOG = { status: 1 };
/** SessionLog.START: what earlier files have of this step and later ones does not count. */
const START = 1;
/** From this one on, TensorBoard looks at SessionLog.START. */
const VERSION = 'brain.Event:2';
/** tensorflow/core/lib/hash/crc32c.h: so that checksums of what holds checksums are none of their own. */
const MASK_DELTA = 0xa282ead8;

/** A file of its own for each time that a run is begun or gone on with. */
export class TensorBoardFile {
  private constructor(private readonly file: AppendedFile) {}

  /**
   * Begins a new file in a folder that is there.
   * @param after the step that a run goes on from: TensorBoard forgets what earlier files of the folder
   * have of later steps. Null: nothing is forgotten.
   * @throws BitError ERR_BIT_OUTPUT.
   */
  static async begin(
    folder: string,
    { after = null }: { after?: number | null } = {},
  ): Promise<TensorBoardFile> {
    const file = new TensorBoardFile(await newFile(folder));
    await file.write(0, (event) =>
      event.tag(EVENT.fileVersion, WireType.LengthDelimited).string(VERSION),
    );
    if (after !== null) await file.write(after + 1, writeStart);
    return file;
  }

  /** Where it is. */
  get path(): string {
    return this.file.path;
  }

  /**
   * Resolves when they are on the disk.
   * @param scalars by their tags, as float32; '/' within a tag groups charts.
   * @throws BitError ERR_BIT_OUTPUT where that fails: nothing of them is in the file then.
   */
  async append(step: number, scalars: Readonly<Record<string, number>>): Promise<void> {
    if (!Number.isSafeInteger(step)) throw invalid('ERR_BIT_CONFIG', 'step', 'an integer', step);
    await this.write(step, (event) => {
      event.tag(EVENT.summary, WireType.LengthDelimited).fork();
      for (const [tag, value] of Object.entries(scalars)) writeScalar(event, tag, value);
      event.join();
    });
  }

  close(): Promise<void> {
    return this.file.close();
  }

  private write(step: number, content: (event: BinaryWriter) => void): Promise<void> {
    const event = new BinaryWriter();
    event.tag(EVENT.wallTime, WireType.Bit64).double(Date.now() / 1000);
    if (step !== 0) event.tag(EVENT.step, WireType.Varint).int64(step);
    content(event);
    return this.file.append(record(event.finish()));
  }
}

function writeScalar(summary: BinaryWriter, tag: string, value: number): void {
  summary.tag(SUMMARY.value, WireType.LengthDelimited).fork();
  summary.tag(VALUE.tag, WireType.LengthDelimited).string(tag);
  // Protobuf's own check would refuse what float32 makes infinite.
  summary.tag(VALUE.simpleValue, WireType.Bit32).float(Math.fround(value));
  summary.join();
}

function writeStart(event: BinaryWriter): void {
  event.tag(EVENT.sessionLog, WireType.LengthDelimited).fork();
  event.tag(SESSION_LOG.status, WireType.Varint).int32(START).join();
}

/** A TFRecord: length (uint64), its checksum, the bytes, theirs; all little-endian. */
function record(bytes: Uint8Array): Buffer {
  const framed = Buffer.alloc(bytes.length + 16);
  framed.writeBigUInt64LE(BigInt(bytes.length), 0);
  framed.writeUInt32LE(masked(framed.subarray(0, 8)), 8);
  framed.set(bytes, 12);
  framed.writeUInt32LE(masked(bytes), 12 + bytes.length);
  return framed;
}

function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
}

/** Under a name that comes after those that are there: TensorBoard reads files in the order of their names. */
async function newFile(folder: string): Promise<AppendedFile> {
  const host = hostname().replace(/[^\w.-]/g, '-') || 'localhost';
  for (;;) {
    const seconds = Math.max(Math.floor(Date.now() / 1000), (await lastSeconds(folder)) + 1);
    const name = `events.out.tfevents.${String(seconds).padStart(10, '0')}.${host}.${process.pid}`;
    try {
      return await AppendedFile.open(join(folder, name), { isNew: true });
    } catch (error) {
      const { code } = ((error as BitError).cause ?? {}) as NodeJS.ErrnoException;
      if (code !== 'EEXIST') throw error;
    }
  }
}

/** Of the last file that is there; 0 where there is none. */
async function lastSeconds(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  return Math.max(0, ...names.map((name) => Number(NAME.exec(name)?.[1] ?? 0)));
}
