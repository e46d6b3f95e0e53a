import { readFirstDirectory } from '../../lib/image/tiff';

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
