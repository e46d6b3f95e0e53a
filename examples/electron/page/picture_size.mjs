// How large a picture is, by the first bytes of its file: before all of its pixels take memory.

const ascii = (bytes, at, text) => [...text].every((c, i) => bytes[at + i] === c.charCodeAt(0));

/** The formats that a page decodes, but JPEG, by how they begin; sizes by the formats' specifications. */
const FORMATS = [
  {
    is: (bytes) => ascii(bytes, 1, 'PNG'),
    size: (view) => ({ width: view.getUint32(16), height: view.getUint32(20) }),
  },
  {
    is: (bytes) => ascii(bytes, 0, 'GIF8'),
    size: (view) => ({ width: view.getUint16(6, true), height: view.getUint16(8, true) }),
  },
  {
    is: (bytes) => ascii(bytes, 0, 'BM'),
    // Rows from top to bottom have a negative height.
    size: (view) => ({ width: view.getInt32(18, true), height: Math.abs(view.getInt32(22, true)) }),
  },
  {
    is: (bytes) => ascii(bytes, 0, 'RIFF') && ascii(bytes, 8, 'WEBP'),
    size: webpSize,
  },
  {
    is: (bytes) => ascii(bytes, 4, 'ftyp'),
    size: avifSize,
  },
];

/**
 * @param {Uint8Array} bytes the file's first few thousand.
 * @returns {{ width: number, height: number } | null} before it is turned; null for other formats.
 */
export function sizeOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return FORMATS.find(({ is }) => is(bytes))?.size(view, bytes) ?? null;
  } catch {
    return null; // It ends before its size.
  }
}

/** Three kinds: with features, lossless, lossy. */
function webpSize(view, bytes) {
  const short = (at) => view.getUint16(at, true);
  if (ascii(bytes, 12, 'VP8X'))
    return { width: 1 + short(24) + (bytes[26] << 16), height: 1 + short(27) + (bytes[29] << 16) };
  if (ascii(bytes, 12, 'VP8L')) {
    const bits = view.getUint32(21, true);
    return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
  }
  return { width: short(26) & 0x3fff, height: short(28) & 0x3fff };
}

/** In the box named ispe, of which a picture in tiles has several. */
function avifSize(view, bytes) {
  let size = null;
  for (let at = 0; at + 16 <= bytes.length; at++) {
    if (!ascii(bytes, at, 'ispe')) continue;
    const [width, height] = [view.getUint32(at + 8), view.getUint32(at + 12)];
    if (!size || width * height > size.width * size.height) size = { width, height };
  }
  return size;
}
