// Zstandard streams.
import { Decompress } from 'fzstd';

/** Encoded bytes that are decoded before the result is taken: of each, 32 KiB may come. */
const PIECE_BYTES = 1024;

/**
 * Encoded bytes in, decoded ones out, of any number of frames. In JavaScript: Node's own decoder, in those
 * versions that have one, passes over frames after the first and takes no notice of an early end.
 * @throws Error for what is no zstd or ends early; what `encoded` throws.
 */
export async function* unzstd(
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
