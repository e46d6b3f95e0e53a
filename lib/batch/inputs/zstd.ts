// Zstandard streams, by Node's own zlib where it has them.
import { pipeline, type Readable, type Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { Decompress } from 'fzstd';

/** In Node 22.15 and later; its types are of Node 20. */
const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Transform };
/** Encoded bytes that are decoded before the result is taken: of each, 32 KiB may come. */
const PIECE_BYTES = 4096;

/** Encoded bytes in, decoded ones out, of any number of frames; throws for what is no zstd or ends early. */
export function unzstd(encoded: Readable): AsyncIterable<Uint8Array> {
  if (!createZstdDecompress) return unzstdInJavaScript(encoded);
  const decoder = createZstdDecompress();
  pipeline(encoded, decoder, () => undefined); // errors come out of the decoder
  return decoder;
}

/** The same, slower. */
export async function* unzstdInJavaScript(
  encoded: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let decoded: Uint8Array[] = [];
  const decoder = new Decompress((chunk) => decoded.push(chunk));
  const taken = () => {
    const all = decoded;
    decoded = [];
    return all;
  };
  for await (const chunk of encoded)
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      decoder.push(chunk.subarray(at, at + PIECE_BYTES));
      yield* taken();
    }
  decoder.push(new Uint8Array(0), true);
  yield* taken();
}
