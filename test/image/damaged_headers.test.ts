// What is read of pictures before they are decoded, where they are cut off or changed anywhere: an answer.
import { readJpegHeader } from '../../lib/image/jpeg';
import { orientationOf, tiffOrientation } from '../../lib/image/orientation';
import { readPng, withPixelChecksums } from '../../lib/image/png';
import { readWebp } from '../../lib/image/webp';
import { damaged, named } from '../support/damaged';

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
