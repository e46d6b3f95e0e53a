// Zstandard streams, by Node's own zlib where it has them.
import { Transform, type TransformCallback } from 'node:stream';
import * as zlib from 'node:zlib';
import { Decompress } from 'fzstd';

/** In Node 22.15 and later; its types are of Node 20. */
const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Transform };

/** Encoded bytes in, decoded ones out; fails for what is no zstd or ends early. */
export function unzstd(): Transform {
  return createZstdDecompress?.() ?? new Unzstd();
}

/** The same in JavaScript, slower. */
export class Unzstd extends Transform {
  private readonly decoder = new Decompress((chunk) => {
    this.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  });

  override _transform(chunk: Uint8Array, _encoding: BufferEncoding, done: TransformCallback): void {
    this.attempt(() => this.decoder.push(chunk), done);
  }

  override _flush(done: TransformCallback): void {
    this.attempt(() => this.decoder.push(new Uint8Array(0), true), done);
  }

  private attempt(work: () => void, done: TransformCallback): void {
    try {
      work();
      done();
    } catch (error) {
      done(error as Error);
    }
  }
}
