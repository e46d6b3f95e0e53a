// Libraries that were cut short, by copies of the addon itself.
import fs, { copyFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
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

/** A library of 64 bits with a segment of so many bytes behind its header and the segment's row. */
function library(segmentBytes: number, { sections = 0 } = {}): Buffer {
  const HEADER_BYTES = 64;
  const ROW_BYTES = 56;
  const bytes = Buffer.alloc(HEADER_BYTES + ROW_BYTES + segmentBytes);
  bytes.write('\x7fELF\x02\x01', 'latin1');
  bytes.writeBigUInt64LE(BigInt(HEADER_BYTES), 0x20);
  bytes.writeBigUInt64LE(BigInt(bytes.length), 0x28);
  bytes.writeUInt16LE(ROW_BYTES, 0x36);
  bytes.writeUInt16LE(1, 0x38);
  bytes.writeUInt16LE(40, 0x3a);
  bytes.writeUInt16LE(sections, 0x3c);
  bytes.writeBigUInt64LE(BigInt(HEADER_BYTES + ROW_BYTES), HEADER_BYTES + 8);
  bytes.writeBigUInt64LE(BigInt(segmentBytes), HEADER_BYTES + 32);
  return bytes;
}

test('a library is whole to its last byte, by its segments and by its table of sections', () => {
  const whole = library(10);
  writeFileSync(file, whole);
  expect(missingBytes(file)).toBeNull();
  writeFileSync(file, whole.subarray(0, -1));
  expect(missingBytes(file)).toEqual({ has: whole.length - 1, needs: whole.length });
  writeFileSync(file, library(10, { sections: 2 }));
  expect(missingBytes(file)).toEqual({ has: whole.length, needs: whole.length + 80 });
  writeFileSync(file, whole.subarray(0, 100)); // in the middle of the segment's row
  expect(missingBytes(file)).toEqual({ has: 100, needs: whole.length });
});

test('of other kinds nothing is said: 32 bits, or the other order of bytes', () => {
  for (const at of [4, 5]) {
    const other = library(10);
    other[at] = 3 - (other[at] as number);
    writeFileSync(file, other.subarray(0, -1));
    expect(missingBytes(file)).toBeNull();
  }
});

test('one that may not be read is left to whoever opens it; one that is not there is an error', () => {
  const denied = Object.assign(new Error('no'), { code: 'EACCES' });
  const open = jest.spyOn(fs, 'openSync').mockImplementationOnce(() => {
    throw denied;
  });
  expect(missingBytes(file)).toBeNull();
  open.mockRestore();
  expect(() => missingBytes(join(folder, 'none.so'))).toThrow(/ENOENT/);
});

test.each([
  ['a library', library(1)],
  ['none', Buffer.from('no library')],
])('%s does not stay open', (_, bytes) => {
  writeFileSync(file, bytes);
  const [open, close] = [jest.spyOn(fs, 'openSync'), jest.spyOn(fs, 'closeSync')];
  missingBytes(file);
  expect(close.mock.calls).toEqual([[open.mock.results[0]?.value]]);
  open.mockRestore();
  close.mockRestore();
});
