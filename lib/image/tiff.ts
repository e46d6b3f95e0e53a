// The first directory of a TIFF file, which is also what EXIF consists of (TIFF 6.0, section 2; BigTIFF).

/** Bytes of one value, by the type that an entry names; other types are passed over, as Pillow does. */
const TYPE_BYTES: Readonly<Record<number, number>> = {
  1: 1, // BYTE
  2: 1, // ASCII
  3: 2, // SHORT
  4: 4, // LONG
  5: 8, // RATIONAL
  6: 1, // SBYTE
  7: 1, // UNDEFINED
  8: 2, // SSHORT
  9: 4, // SLONG
  10: 8, // SRATIONAL
  11: 4, // FLOAT
  12: 8, // DOUBLE
  13: 4, // IFD
  16: 8, // LONG8
};

/** The two orders of bytes, each also with its 42 the wrong way round, and BigTIFF's 43. */
const CLASSIC = ['II*\0', 'II\0*', 'MM\0*', 'MM*\0'];
const BIG = ['II+\0', 'MM\0+'];

/** What differs between the two kinds of file. */
interface Layout {
  /** Where the header tells the first directory's place. */
  firstAt: number;
  countBytes: number;
  entryBytes: number;
  /** Bytes of an offset, and of values that stand in the entry itself. */
  wordBytes: number;
}

const CLASSIC_LAYOUT: Layout = { firstAt: 4, countBytes: 2, entryBytes: 12, wordBytes: 4 };
const BIG_LAYOUT: Layout = { firstAt: 8, countBytes: 8, entryBytes: 20, wordBytes: 8 };

/** A tag's values as they lie in the file. */
export class TagValues {
  constructor(
    readonly type: number,
    readonly bytes: Uint8Array,
    private readonly isLittle: boolean,
  ) {}

  /** The first value; null where Pillow sees text or bytes rather than a number. */
  number(): number | null {
    const { type, isLittle } = this;
    const view = viewOf(this.bytes);
    if (type === 3) return view.getUint16(0, isLittle);
    if (type === 4 || type === 13) return view.getUint32(0, isLittle);
    if (type === 5) return view.getUint32(0, isLittle) / view.getUint32(4, isLittle);
    if (type === 6) return view.getInt8(0);
    if (type === 8) return view.getInt16(0, isLittle);
    if (type === 9) return view.getInt32(0, isLittle);
    if (type === 10) return view.getInt32(0, isLittle) / view.getInt32(4, isLittle);
    if (type === 11) return view.getFloat32(0, isLittle);
    if (type === 12) return view.getFloat64(0, isLittle);
    if (type === 16) return Number(view.getBigUint64(0, isLittle));
    return null;
  }
}

/**
 * The tags that the first directory has, up to where it is cut off.
 * @returns null where these bytes begin no TIFF file.
 */
export function readFirstDirectory(bytes: Uint8Array): Map<number, TagValues> | null {
  const start = String.fromCharCode(...bytes.subarray(0, 4));
  const layout = CLASSIC.includes(start) ? CLASSIC_LAYOUT : BIG.includes(start) ? BIG_LAYOUT : null;
  if (!layout || bytes.length < layout.firstAt + layout.wordBytes) return null;
  const view = viewOf(bytes);
  const isLittle = start.startsWith('I');
  const word = (at: number, size: number) => unsigned(view, at, size, isLittle);

  const tags = new Map<number, TagValues>();
  const directory = word(layout.firstAt, layout.wordBytes);
  if (directory + layout.countBytes > bytes.length) return tags;
  const entries = word(directory, layout.countBytes);
  for (let i = 0; i < entries; i++) {
    const entry = directory + layout.countBytes + i * layout.entryBytes;
    if (entry + layout.entryBytes > bytes.length) break;
    const type = word(entry + 2, 2);
    const size = word(entry + 4, layout.wordBytes) * (TYPE_BYTES[type] ?? 0);
    if (size === 0) continue;
    const inEntry = entry + 4 + layout.wordBytes;
    const at = size > layout.wordBytes ? word(inEntry, layout.wordBytes) : inEntry;
    if (at + size > bytes.length) break;
    tags.set(word(entry, 2), new TagValues(type, bytes.subarray(at, at + size), isLittle));
  }
  return tags;
}

function unsigned(view: DataView, at: number, size: number, isLittle: boolean): number {
  if (size === 2) return view.getUint16(at, isLittle);
  if (size === 4) return view.getUint32(at, isLittle);
  return Number(view.getBigUint64(at, isLittle));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
