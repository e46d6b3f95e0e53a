// Pictures in tar archives, as WebDataset has them: key.jpg beside key.json or key.cls.
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, type Readable, type Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { extract, type Header } from 'tar-stream';
import { BitError } from '../../errors';
import { MAX_ENCODED_BYTES, tooLarge } from '../../image/file';
import { shardProblem } from './shard';
import { isImageName } from './listed';
import type { Picture } from './picture';
import { unzstd } from './zstd';

/** A file of an archive. */
type Entry = Readable & { header: Header };

/** What compressed streams begin with (RFC 1952, 2.3.1; RFC 8878, 3.1.1). */
const GZIP = [0x1f, 0x8b];
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd];

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
  try {
    for await (const entry of await entriesOf(path, signal)) {
      const { name, type, size = 0 } = entry.header;
      if (type !== 'file' || !isImageName(name)) {
        entry.resume();
        continue;
      }
      isEmpty = false;
      yield { path: `${path}/${name}`, image: await bytesOf(entry, size) };
    }
    signal?.throwIfAborted();
    if (isEmpty) yield { path, image: shardProblem(path, 'there is no image in this archive') };
  } catch (error) {
    signal?.throwIfAborted();
    yield { path, image: shardProblem(path, error) };
  }
}

async function entriesOf(path: string, signal?: AbortSignal): Promise<AsyncIterable<Entry>> {
  const entries = extract();
  const stages = [createReadStream(path, { signal }), ...(await decompressors(path)), entries];
  // An error anywhere ends all of them, and with them the loop over the entries.
  pipeline(stages, () => undefined);
  return entries as AsyncIterable<Entry>;
}

async function decompressors(path: string): Promise<Transform[]> {
  const begin = Buffer.alloc(ZSTD.length);
  const file = await open(path);
  try {
    await file.read(begin, 0, begin.length, 0);
  } finally {
    await file.close();
  }
  if (GZIP.every((byte, at) => begin[at] === byte)) return [zlib.createGunzip()];
  return ZSTD.every((byte, at) => begin[at] === byte) ? [unzstd()] : [];
}

async function bytesOf(entry: Entry, size: number): Promise<Uint8Array | BitError> {
  if (size > MAX_ENCODED_BYTES) {
    entry.resume();
    return new BitError('ERR_BIT_IMAGE', `Cannot read the image: ${tooLarge(size)}`);
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of entry) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}
