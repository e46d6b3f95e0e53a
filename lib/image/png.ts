// What is read of a PNG beside its pixels (PNG, third edition, 5 and 11), and a mend for its checksums.
import { constants, crc32, inflateSync } from 'node:zlib';
import { orientationOf, type OrientationSources } from './orientation';

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const SIGNATURE_BYTES = SIGNATURE.length;
/** Of a chunk's length and of its type before its content, and of the checksum after it. */
const FIELD_BYTES = 4;
const HEADER_BYTES = 2 * FIELD_BYTES;
/** Of IHDR's content. */
const HEADER_CHUNK_BYTES = 13;

/** Keywords of text chunks. */
const XMP = 'XML:com.adobe.xmp';
/** ImageMagick's, in hexadecimal after three lines; and Pillow's own, raw. */
const PROFILE = 'Raw profile type exif';
const PROFILE_LINES = 3;
const RAW = 'exif';
/** The most that Pillow takes of a compressed text (MAX_TEXT_CHUNK). */
const MAX_TEXT_BYTES = 1024 ** 2;

interface Chunk {
  type: string;
  /** Where its length stands. */
  at: number;
  content: Uint8Array;
}

/** Chunks that are there as a whole, after the pixels too. */
function* chunksOf(bytes: Uint8Array): Generator<Chunk> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = SIGNATURE_BYTES; at + HEADER_BYTES <= bytes.length;) {
    const begin = at + HEADER_BYTES;
    const end = begin + view.getUint32(at);
    if (end > bytes.length) return;
    const type = String.fromCharCode(...bytes.subarray(begin - FIELD_BYTES, begin));
    yield { type, at, content: bytes.subarray(begin, end) };
    at = end + FIELD_BYTES;
  }
}

/** What is read of it before it is decoded. */
export interface PngHeader {
  width: number;
  height: number;
  isInterlaced: boolean;
  /** EXIF's: 1 where the picture is to be shown as it is stored. */
  orientation: number;
}

/** Null where these bytes begin no PNG, or one whose chunks have names that none may have. */
export function readPngHeader(bytes: Uint8Array): PngHeader | null {
  if (!SIGNATURE.equals(bytes.subarray(0, SIGNATURE_BYTES))) return null;
  const [first] = chunksOf(bytes);
  if (first?.type !== 'IHDR' || first.content.length !== HEADER_CHUNK_BYTES) return null;
  if (hasReservedName(bytes)) return null;
  const fields = new DataView(first.content.buffer, first.content.byteOffset, HEADER_CHUNK_BYTES);
  return {
    width: fields.getUint32(0),
    height: fields.getUint32(4),
    isInterlaced: fields.getUint8(12) !== 0,
    orientation: orientationOf(readPng(bytes)),
  };
}

/** A small third letter before the pixels: older libpngs pass over such chunks, newer ones refuse the file. */
function hasReservedName(bytes: Uint8Array): boolean {
  for (const { type } of chunksOf(bytes)) {
    if (type === 'IDAT') break;
    if (/^..[a-z]/.test(type)) return true;
  }
  return false;
}

/** Chunks with EXIF and XMP, before the pixels or after them; of several the last one counts. */
export function readPng(bytes: Uint8Array): OrientationSources {
  let exif: Uint8Array | undefined;
  let profile: Uint8Array | undefined;
  let xmp: Uint8Array | undefined;
  let arePixelsPast = false;
  for (const { type, content } of chunksOf(bytes)) {
    if (type === 'IDAT') arePixelsPast = true;
    // Where an animation's next picture begins Pillow reads no further.
    if (type === 'IEND' || (type === 'fcTL' && arePixelsPast)) break;
    if (type === 'eXIf') exif = content;
    const text = readText(type, content);
    if (text?.keyword === XMP) xmp = text.value;
    if (text?.keyword === PROFILE) profile = text.value;
    if (text?.keyword === RAW && type === 'tEXt') exif = text.value;
  }
  return { exif: exif ?? (profile && fromHex(profile)), xmp };
}

/** A keyword and a text, where this is a chunk of text with one that counts. */
function readText(type: string, content: Uint8Array) {
  if (!['tEXt', 'zTXt', 'iTXt'].includes(type)) return null;
  const keyword = latin1(content.subarray(0, Math.max(content.indexOf(0), 0)));
  if (![XMP, PROFILE, RAW].includes(keyword)) return null;
  const value = textOf(type, content.subarray(keyword.length + 1));
  return value && { keyword, value };
}

/** What follows the keyword, inflated where it is compressed; null where it cannot be read. */
function textOf(type: string, rest: Uint8Array): Uint8Array | null {
  if (type === 'tEXt') return rest;
  if (type === 'zTXt') return inflated(rest.subarray(1));
  // A flag, a method, then a language and a translated keyword that each end with a zero.
  const language = rest.indexOf(0, 2);
  const translated = rest.indexOf(0, language + 1);
  if (language < 0 || translated < 0) return null;
  const text = rest.subarray(translated + 1);
  return rest[0] === 0 ? text : inflated(text);
}

function inflated(bytes: Uint8Array): Uint8Array | null {
  try {
    return inflateSync(bytes, {
      maxOutputLength: MAX_TEXT_BYTES,
      finishFlush: constants.Z_SYNC_FLUSH,
    });
  } catch {
    return null;
  }
}

function fromHex(profile: Uint8Array): Uint8Array {
  const lines = latin1(profile).split('\n').slice(PROFILE_LINES);
  return Buffer.from(lines.join('').replace(/\s/g, ''), 'hex');
}

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

/**
 * A copy whose pixels' checksums are right, which Pillow doesn't look at.
 * @returns null where they are so already.
 */
export function withPixelChecksums(bytes: Uint8Array): Uint8Array | null {
  let mended: Uint8Array | null = null;
  for (const { type, at, content } of chunksOf(bytes)) {
    const end = at + HEADER_BYTES + content.length;
    if (type !== 'IDAT' || end + FIELD_BYTES > bytes.length) continue;
    const sum = crc32(bytes.subarray(at + FIELD_BYTES, end));
    const field = new DataView(bytes.buffer, bytes.byteOffset + end, FIELD_BYTES);
    if (field.getUint32(0) === sum) continue;
    mended ??= Uint8Array.from(bytes);
    new DataView(mended.buffer).setUint32(end, sum);
  }
  return mended;
}
