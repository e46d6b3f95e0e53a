import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { unzstd } from '../../../lib/batch/inputs/zstd';
import { BATCH } from '../../support/shards';

const plain = readFileSync(join(BATCH, 'webdataset.tar'));
const encoded = readFileSync(join(BATCH, 'webdataset.tar.zst'));
const frames = readFileSync(join(BATCH, 'frames.tzst'));

/** In pieces of so many bytes. */
function inPieces(bytes: Uint8Array, size: number): Readable {
  const count = Math.ceil(bytes.length / size);
  return Readable.from(
    Array.from({ length: count }, (_, at) => bytes.subarray(at * size, (at + 1) * size)),
  );
}

async function all(decoded: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of decoded) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test.each([1, 7, 100, 1e6])('decodes a frame in pieces of %i bytes', async (size) => {
  expect((await all(unzstd(inPieces(encoded, size)))).equals(plain)).toBe(true);
});

test.each([1, 7, 100, 1e6])('several frames, also empty ones and notes, by %i', async (size) => {
  expect((await all(unzstd(inPieces(frames, size)))).equals(plain)).toBe(true);
});

test('throws for what ends early', async () => {
  for (const length of [5, 20, encoded.length - 1])
    await expect(all(unzstd(inPieces(encoded.subarray(0, length), 50)))).rejects.toThrow();
});

test('throws for what is no zstd', async () => {
  await expect(all(unzstd(inPieces(Buffer.alloc(100, 3), 50)))).rejects.toThrow();
});

test('passes on what its source throws', async () => {
  const reason = new Error('unplugged');
  const broken = Readable.from(
    (async function* () {
      yield encoded.subarray(0, 10);
      await Promise.resolve();
      throw reason;
    })(),
  );
  await expect(all(unzstd(broken))).rejects.toBe(reason);
});

test('what grows much is decoded as it is taken', async () => {
  // A frame of blocks that repeat a byte 128 Ki times, of four bytes each (RFC 8878, 3.1.1.2).
  const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x50]);
  const block = Buffer.from([0b010, 0, 0x10, 65]);
  const last = Buffer.from([0b011, 0, 0x10, 65]);
  const blocks = 4096;
  const bomb = Buffer.concat([header, ...Array<Buffer>(blocks - 1).fill(block), last]);
  const before = process.memoryUsage().arrayBuffers;
  let size = 0;
  let most = 0;
  for await (const chunk of unzstd(inPieces(bomb, 65536))) {
    size += chunk.length;
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }
  expect(size).toBe(blocks * 131072);
  expect(most).toBeLessThan(size / 2);
});
