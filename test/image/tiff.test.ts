import { TagValues, readFirstDirectory } from '../../lib/image/tiff';

const TAG = 0x0112;
const SHORT = 3;

/** A file of one entry, which may say that there are fewer; then what lies behind it. */
function tiff(entries: number, values: number, word: number, ...behind: number[]): Uint8Array {
  const head = [0x49, 0x49, 42, 0, 8, 0, 0, 0, entries, 0];
  const entry = [TAG & 255, TAG >> 8, SHORT, 0, values, 0, 0, 0, word, 0, 0, 0];
  return Uint8Array.from([...head, ...entry, ...behind]);
}

/** Where {@link tiff}'s last arguments lie. */
const BEHIND = 22;

test('an entry that the file ends with counts, and none beyond those that there are', () => {
  expect(
    readFirstDirectory(tiff(1, 1, 6))
      ?.get(TAG)
      ?.number(),
  ).toBe(6);
  expect(readFirstDirectory(tiff(0, 1, 6))?.size).toBe(0);
});

test('values beside the entry count where all of them are there', () => {
  const values = [7, 0, 8, 0, 9, 0];
  const tag = readFirstDirectory(tiff(1, 3, BEHIND, ...values))?.get(TAG);
  expect(tag?.number()).toBe(7);
  expect([...(tag?.bytes ?? [])]).toEqual(values);
  expect(readFirstDirectory(tiff(1, 3, BEHIND, ...values.slice(1)))?.size).toBe(0);
});

test.each([0, 4, 7, 9])('a file of %i bytes has none', (length) => {
  const start = tiff(1, 1, 6).slice(0, length);
  expect(readFirstDirectory(start)?.size ?? null).toBe(length < 8 ? null : 0);
});

/** Values of each type, by its number (TIFF 6.0, 2; BigTIFF): what is written, big-endian, and what is read. */
const TYPES: [string, number, number[], number | null][] = [
  ['BYTE', 1, [7], null],
  ['ASCII', 2, [0x37, 0], null],
  ['SHORT', 3, [0xff, 0xfe], 0xfffe],
  ['LONG', 4, [0xff, 0xff, 0xff, 0xfe], 0xfffffffe],
  ['RATIONAL', 5, [0, 0, 0, 7, 0, 0, 0, 2], 3.5],
  ['SBYTE', 6, [0xfe], -2],
  ['UNDEFINED', 7, [7], null],
  ['SSHORT', 8, [0xff, 0xfe], -2],
  ['SLONG', 9, [0xff, 0xff, 0xff, 0xfe], -2],
  ['SRATIONAL', 10, [0xff, 0xff, 0xff, 0xf9, 0, 0, 0, 2], -3.5],
  ['FLOAT', 11, [0xc0, 0x60, 0, 0], -3.5],
  ['DOUBLE', 12, [0xc0, 0x0c, 0, 0, 0, 0, 0, 0], -3.5],
  ['IFD', 13, [0xff, 0xff, 0xff, 0xfe], 0xfffffffe],
  ['LONG8', 16, [0, 0, 0, 1, 0, 0, 0, 2], 2 ** 32 + 2],
  ['SLONG8', 17, [0, 0, 0, 0, 0, 0, 0, 2], null],
];
/** Bytes of one number: a rational is two of them. */
const WORDS: Record<number, number> = { 5: 4, 10: 4 };

test.each(TYPES)('%s in both byte orders', (_, type, bytes, value) => {
  expect(new TagValues(type, Uint8Array.from(bytes), false).number()).toBe(value);
  const word = WORDS[type] ?? bytes.length;
  const words = Array.from({ length: bytes.length / word }, (__, i) =>
    bytes.slice(i * word, (i + 1) * word).reverse(),
  );
  expect(new TagValues(type, Uint8Array.from(words.flat()), true).number()).toBe(value);
});
