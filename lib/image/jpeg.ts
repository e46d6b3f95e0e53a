// The little that is read of a JPEG before it is decoded (ITU-T T.81, annex B; Exif 2.3, 4.5).

/** Markers of segments; some in the range of START_OF_FRAME are tables. */
const MARKER = 0xff;
const START_OF_IMAGE = 0xd8;
const START_OF_FRAME = { first: 0xc0, last: 0xcf, notFrames: [0xc4, 0xc8, 0xcc] };
const START_OF_SCAN = 0xda;
const APP1 = 0xe1;
/** Before a segment's content: its marker and its length. */
const HEADER_BYTES = 4;

/** What follows 'Exif' and two zeros is a TIFF file whose first directory has the orientation. */
const EXIF = 'Exif\0\0';
const TIFF_ORIENTATION = 0x0112;
const UPRIGHT = 1;

export interface JpegHeader {
  width: number;
  height: number;
  /** 1 for grey, 3 for colour, 4 for CMYK. */
  components: number;
  /** Bits of a component. */
  depth: number;
  /** Whether the picture is to be shown as it is stored. */
  isUpright: boolean;
}

/** Null where these bytes begin no JPEG, or one that is hard to read. */
export function readJpegHeader(bytes: Uint8Array): JpegHeader | null {
  if (bytes[0] !== MARKER || bytes[1] !== START_OF_IMAGE) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let isUpright = true;
  for (let at = 2; at + HEADER_BYTES <= view.byteLength;) {
    const marker = view.getUint8(at + 1);
    if (view.getUint8(at) !== MARKER || marker === START_OF_SCAN) return null;
    const begin = at + HEADER_BYTES;
    const end = at + 2 + view.getUint16(at + 2);
    if (end < begin || end > view.byteLength) return null;
    const segment = new DataView(view.buffer, view.byteOffset + begin, end - begin);
    if (isFrame(marker)) return frame(segment, isUpright);
    if (marker === APP1) isUpright &&= isUprightExif(segment);
    at = end;
  }
  return null;
}

function isFrame(marker: number): boolean {
  const { first, last, notFrames } = START_OF_FRAME;
  return marker >= first && marker <= last && !notFrames.includes(marker);
}

function frame(segment: DataView, isUpright: boolean): JpegHeader | null {
  if (segment.byteLength < 6) return null;
  return {
    depth: segment.getUint8(0),
    height: segment.getUint16(1),
    width: segment.getUint16(3),
    components: segment.getUint8(5),
    isUpright,
  };
}

/** False too where the orientation cannot be read: others may do better. */
function isUprightExif(segment: DataView): boolean {
  const { buffer, byteOffset, byteLength } = segment;
  const name = new Uint8Array(buffer, byteOffset, Math.min(EXIF.length, byteLength));
  if (String.fromCharCode(...name) !== EXIF) return true;
  try {
    const tiff = new DataView(buffer, byteOffset + EXIF.length, byteLength - EXIF.length);
    const isLittle = tiff.getUint8(0) === 'I'.charCodeAt(0);
    const directory = tiff.getUint32(4, isLittle);
    const entries = tiff.getUint16(directory, isLittle);
    for (let i = 0; i < entries; i++) {
      const entry = directory + 2 + 12 * i;
      if (tiff.getUint16(entry, isLittle) === TIFF_ORIENTATION)
        return tiff.getUint16(entry + 8, isLittle) === UPRIGHT;
    }
    return true;
  } catch (cause) {
    if ((cause as Error).name === 'RangeError') return false;
    throw cause;
  }
}
