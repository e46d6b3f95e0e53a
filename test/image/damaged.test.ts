// What JavaScript reads of pictures, where they are cut off or changed anywhere: an answer, or an error in words.
import { decodeBmp } from '../../lib/image/bmp';
import { formatOf } from '../../lib/image/format';
import { readJpegHeader } from '../../lib/image/jpeg';
import { decodeNetpbm } from '../../lib/image/netpbm';
import { orientationOf, tiffOrientation } from '../../lib/image/orientation';
import { readPng, withPixelChecksums } from '../../lib/image/png';
import { readWebp } from '../../lib/image/webp';
import { BitError } from '../../lib';
import { encodedPictures } from '../support/encoded';
import { rawBytes } from '../support/pictures';

const named = (format: string) => encodedPictures.filter(({ name }) => name.startsWith(format));

/** Beginnings of a file, each in memory that ends with it; then the file with a few bytes changed. */
function* damaged(file: Uint8Array, seed: number): Generator<Uint8Array> {
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

test.each([
  ['BMP', decodeBmp],
  ['P', decodeNetpbm],
] as const)('%s', async (format, decode) => {
  for (const [seed, { file }] of named(format).entries()) {
    for (const bytes of damaged(file, seed)) {
      const name = formatOf(bytes);
      if (name !== 'BMP' && name !== 'Netpbm') continue;
      const { width, height, data } = await decode(bytes).catch((error: unknown) => {
        expect(error).toBeInstanceOf(BitError);
        expect((error as Error).message).toMatch(
          /cut short|not read|pixels at most|number|value|digits/,
        );
        return { width: 0, height: 0, data: [] };
      });
      expect(data).toHaveLength(3 * width * height);
    }
  }
});

test.each([
  ['JPEG', (bytes: Uint8Array) => readJpegHeader(bytes)?.orientation ?? 1],
  ['PNG', (bytes: Uint8Array) => orientationOf(readPng(bytes))],
  ['WebP', (bytes: Uint8Array) => orientationOf(readWebp(bytes))],
  ['TIFF', tiffOrientation],
] as const)('orientation of %s', (format, orientation) => {
  const seen = new Set<number>();
  for (const [seed, { file }] of named(format).entries())
    for (const bytes of damaged(file, seed)) seen.add(orientation(bytes));
  expect([...seen].sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

test("a PNG's checksums are put right in a copy, and only where they are wrong", () => {
  for (const [seed, { file }] of named('PNG').entries()) {
    const before = Uint8Array.from(file);
    for (const bytes of damaged(file, seed)) {
      const mended = withPixelChecksums(bytes);
      if (mended) expect(withPixelChecksums(mended)).toBeNull();
    }
    expect(file).toEqual(before);
  }
});
