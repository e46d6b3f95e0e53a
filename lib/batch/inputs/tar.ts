// Pictures in tar archives, as WebDataset has them: key.jpg beside key.json or key.cls.
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import { extract, type Header } from 'tar-stream';
import { BitError } from '../../errors';
import { expectFile, MAX_ENCODED_BYTES, tooLarge } from '../../image/file';
import { isImageName } from './listed';
import type { Picture } from './picture';
import { shardProblem } from './shard';
import { unzstd } from './zstd';

/** A file of an archive. */
type Entry = Readable & { header: Header };

/** What compressed streams begin with (RFC 1952, 2.3.1; RFC 8878, 3.1.1). */
const GZIP = [0x1f, 0x8b];
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd];
/** Also what is older than POSIX, and names no format; tar-stream's types know nothing of it. */
const ANY_FORMAT: object = { allowUnknownFormat: true };
/** Archives consist of these, and end with two of zeros (POSIX.1, pax: ustar Interchange Format). */
const BLOCK_BYTES = 512;

/**
 * The pictures of an archive, in its order, each under `archive/name`; also of one that is compressed
 * by gzip or zstd, whatever its name says. What else is in it is passed over. Where an archive cannot
 * be read to its end, the last one given is the archive itself, with the reason.
 */
export async function* picturesInTar(
  path: string,
  signal?: AbortSignal,
): AsyncGenerator<Picture, void, undefined> {
  let isEmpty = true;
  const input = new Input();
  try {
    for await (const entry of entriesOf(await decoded(path, signal), input)) {
      const image = await imageOf(entry);
      if (image === null) continue;
      isEmpty = false;
      yield { path: `${path}/${entry.header.name}`, image };
    }
    input.expectEnd();
    signal?.throwIfAborted();
    if (isEmpty) yield { path, image: shardProblem(path, 'there is no image in this archive') };
  } catch (error) {
    signal?.throwIfAborted();
    yield { path, image: shardProblem(path, input.failure ?? error) };
  }
}

function entriesOf(bytes: AsyncIterable<Uint8Array>, input: Input): AsyncIterable<Entry> {
  const entries = extract(ANY_FORMAT);
  pipeline(input.of(bytes), entries, () => undefined); // errors come out of the entries
  return entries as AsyncIterable<Entry>;
}

/** The bytes of an archive: whatever ends them, those before it are read. */
class Input {
  failure: Error | null = null;
  private last: Uint8Array = Buffer.alloc(0);

  async *of(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of bytes) {
        this.last = Buffer.concat([this.last, chunk.subarray(-BLOCK_BYTES)]).subarray(-BLOCK_BYTES);
        yield chunk;
      }
    } catch (error) {
      this.failure = error as Error;
    }
  }

  /** Between two files, only the missing end tells that something was cut off. */
  expectEnd(): void {
    if (this.failure) throw this.failure;
    if (this.last.length === 0) throw new Error('it is empty');
    if (this.last.some((byte) => byte !== 0))
      throw new Error('it has no mark at its end: what came after may have been cut off');
  }
}

/** The archive's bytes as they were before it was compressed. */
async function decoded(path: string, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
  await expectFile(path);
  const begin = await beginOf(path);
  const file = createReadStream(path, { signal });
  const isOf = (magic: number[]) => magic.every((byte, at) => begin[at] === byte);
  if (isOf(ZSTD)) return unzstd(file as AsyncIterable<Buffer>);
  if (!isOf(GZIP)) return file as AsyncIterable<Buffer>;
  // Of one that was cut off, all that is there comes out; the archive's own end is missing then.
  const gunzip = zlib.createGunzip({ finishFlush: zlib.constants.Z_SYNC_FLUSH });
  pipeline(file, gunzip, () => undefined); // errors come out of gunzip
  return gunzip as AsyncIterable<Buffer>;
}

async function beginOf(path: string): Promise<Uint8Array> {
  const begin = Buffer.alloc(ZSTD.length);
  const file = await open(path);
  try {
    await file.read(begin, 0, begin.length, 0);
  } finally {
    await file.close();
  }
  return begin;
}

/** Null for what is no picture by its name. */
async function imageOf(entry: Entry): Promise<Uint8Array | BitError | null> {
  const { name, type, size = 0 } = entry.header;
  if (isImageName(name) && isFile(entry.header) && size <= MAX_ENCODED_BYTES) return bytesOf(entry);
  entry.resume();
  if (!isImageName(name) || type === 'directory') return null;
  const why = isFile(entry.header) ? tooLarge(size) : kindOf(entry.header);
  return new BitError('ERR_BIT_IMAGE', `Cannot read the image: ${why}`);
}

const isFile = ({ type }: Header) => type === 'file' || type === 'contiguous-file';

function kindOf({ type, linkname }: Header): string {
  if (type === 'link' || type === 'symlink')
    return `it is a link to ${linkname}, and links in archives are not followed`;
  return `it is stored as ${type ?? 'something unknown'}, not as a file`;
}

async function bytesOf(entry: Entry): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of entry) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}
