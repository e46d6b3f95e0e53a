// Whether a shared library is all there. The system maps one that was cut short, and ends the process when it reads what
// is missing.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const MAGIC = Buffer.from('\x7fELF\x02\x01', 'latin1'); // 64 bits, little-endian
const HEADER_BYTES = 64;

/**
 * Bytes that an ELF library has and those that its own tables say it must have, where the former are
 * fewer; null for one that is whole, and for what is none.
 */
export function missingBytes(file: string): { has: number; needs: number } | null {
  const descriptor = openToRead(file);
  if (descriptor === null) return null;
  try {
    const has = fstatSync(descriptor).size;
    const header = read(descriptor, 0, HEADER_BYTES);
    if (header === null || !header.subarray(0, MAGIC.length).equals(MAGIC)) return null;
    const needs = Math.max(...ends(descriptor, header));
    return has < needs ? { has, needs } : null;
  } finally {
    closeSync(descriptor);
  }
}

/** Null where the system does not let it be read, which it says again when the library is opened. */
function openToRead(file: string): number | null {
  try {
    return openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return null;
    throw error;
  }
}

/** Where the tables of segments and sections end, and each segment. */
function ends(descriptor: number, header: Buffer): number[] {
  const segments = table(header, 0x20, 0x36, 0x38);
  const sections = table(header, 0x28, 0x3a, 0x3c);
  const rows = read(descriptor, segments.start, segments.size * segments.count);
  const all = [segments, sections].map(({ start, size, count }) => start + size * count);
  if (rows === null) return all;
  for (let i = 0; i < segments.count; i++) {
    const row = i * segments.size;
    all.push(Number(rows.readBigUInt64LE(row + 8) + rows.readBigUInt64LE(row + 32)));
  }
  return all;
}

/** A table's place, the bytes of a row, and how many there are, by where the header has them. */
function table(header: Buffer, start: number, size: number, count: number) {
  return {
    start: Number(header.readBigUInt64LE(start)),
    size: header.readUInt16LE(size),
    count: header.readUInt16LE(count),
  };
}

/** Null where the file ends before. */
function read(descriptor: number, start: number, bytes: number): Buffer | null {
  const buffer = Buffer.alloc(bytes);
  return readSync(descriptor, buffer, 0, bytes, start) === bytes ? buffer : null;
}
