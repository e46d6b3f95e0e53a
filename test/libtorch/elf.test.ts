// Libraries that were cut short, by copies of the addon itself.
import { copyFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { missingBytes } from '../../lib/libtorch/elf';
import { temporaryFolder } from '../support/temporary';

const folder = temporaryFolder();
const file = join(folder, 'library.so');
const WHOLE = process.execPath;

test('a whole one lacks nothing', () => {
  expect(missingBytes(WHOLE)).toBeNull();
});

test.each([1, 1000, 1_000_000])('one that lacks its last %d bytes', (lacks) => {
  copyFileSync(WHOLE, file);
  const { size } = statSync(file);
  truncateSync(file, size - lacks);
  const seen = missingBytes(file);
  expect(seen?.has).toBe(size - lacks);
  expect(seen?.needs).toBeGreaterThan(size - lacks);
  expect(seen?.needs).toBeLessThanOrEqual(size);
});

test('one of which there is hardly more than the header', () => {
  writeFileSync(file, readFileSync(WHOLE).subarray(0, 70));
  expect(missingBytes(file)?.has).toBe(70);
});

test.each(['', 'c10', 'x'.repeat(100), '\x7fELF'])('what is no library: %j', (text) => {
  writeFileSync(file, text);
  expect(missingBytes(file)).toBeNull();
});
