// What is read of a WebP beside its pixels (RFC 9649, 2.7).
import type { OrientationSources } from './orientation';

/** Before the first chunk: RIFF, the file's size, WEBP. */
const FILE_HEADER_BYTES = 12;
/** A chunk's name and its size. */
const HEADER_BYTES = 8;
/** Bits of the first chunk of an extended file, without which libwebp shows no such chunk. */
const FLAGS: Readonly<Record<string, number>> = { EXIF: 0x08, 'XMP ': 0x04 };

/** Of several chunks the first one counts. */
export function readWebp(bytes: Uint8Array): OrientationSources {
  const found = new Map<string, Uint8Array>();
  let flags = 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = FILE_HEADER_BYTES; at + HEADER_BYTES <= bytes.length;) {
    const name = String.fromCharCode(...bytes.subarray(at, at + 4));
    const size = view.getUint32(at + 4, true);
    const begin = at + HEADER_BYTES;
    if (begin + size > bytes.length) break;
    if (name === 'VP8X') flags = bytes[begin] ?? 0;
    if (flags & (FLAGS[name] ?? 0) && !found.has(name))
      found.set(name, bytes.subarray(begin, begin + size));
    // Chunks begin at even places.
    at = begin + size + (size % 2);
  }
  return { exif: found.get('EXIF'), xmp: found.get('XMP ') };
}
