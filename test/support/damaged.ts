// Encoded pictures that are cut off or changed anywhere.
import { encodedPictures } from './encoded';
import { rawBytes } from './pictures';

/** Those of a format, by the beginning of its name. */
export const named = (format: string) =>
  encodedPictures.filter(({ name }) => name.startsWith(format));

/** Beginnings of a file, each in memory that ends with it; then the file with a few bytes changed. */
export function* damaged(file: Uint8Array, seed: number): Generator<Uint8Array> {
  const step = Math.ceil(file.length / 150);
  for (let end = 0; end < file.length; end += step) yield Uint8Array.from(file.subarray(0, end));
  const random = rawBytes(3 * 150, seed);
  for (let i = 0; i < random.length; i += 3) {
    const changed = Uint8Array.from(file);
    const at = ((random[i] as number) * 256 + (random[i + 1] as number)) % file.length;
    changed[at] = random[i + 2] as number;
    yield changed;
  }
}
