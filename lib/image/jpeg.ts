// The little that is read of a JPEG before it is decoded (ITU-T T.81, annex B; Exif 2.32; XMP, part 3).
import { orientationOf } from './orientation';

/** Of segments; some in the range of START_OF_FRAME are tables. */
const MARKER = 0xff;
const START_OF_IMAGE = 0xd8;
const START_OF_FRAME = { first: 0xc0, last: 0xcf, notFrames: [0xc4, 0xc8, 0xcc] };
const START_OF_SCAN = 0xda;
const APP1 = 0xe1;
/** Markers that nothing belongs to: TEM, RST0 to RST7, the start and the end of an image. */
const isAlone = (marker: number) => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd9);

/** How the content of APP1 segments begins. */
const EXIF = Buffer.from('Exif\0\0');
const XMP = Buffer.from('http://ns.adobe.com/xap/1.0/\0');

export interface JpegHeader {
  width: number;
  height: number;
  /** 1 for grey, 3 for colour, 4 for CMYK. */
  components: number;
  /** Bits of a component. */
  depth: number;
  /** EXIF's: 1 where the picture is to be shown as it is stored. */
  orientation: number;
}

/** Null where these bytes begin no JPEG, or one that ends before its pixels. */
export function readJpegHeader(bytes: Uint8Array): JpegHeader | null {
  if (bytes[0] !== MARKER || bytes[1] !== START_OF_IMAGE) return null;
  let frame: DataView | null = null;
  const exif: Uint8Array[] = [];
  let xmp: Uint8Array | undefined;
  for (const { marker, content } of segmentsOf(bytes)) {
    if (marker === START_OF_SCAN) {
      const sources = { exif: exif.length > 0 ? Buffer.concat(exif) : undefined, xmp };
      return frame && { ...sizesOf(frame), orientation: orientationOf(sources) };
    }
    if (isFrame(marker) && content.length >= 6)
      frame = new DataView(content.buffer, content.byteOffset, content.length);
    if (marker !== APP1) continue;
    // EXIF may be longer than a segment, and goes on in the next one.
    if (startsWith(content, EXIF)) exif.push(content.subarray(EXIF.length));
    else if (startsWith(content, XMP)) xmp = content.subarray(XMP.length);
  }
  return null;
}

interface Segment {
  marker: number;
  /** Without its length. */
  content: Uint8Array;
}

/** Up to the first scan; bytes that belong to no segment are passed over, as decoders do. */
function* segmentsOf(bytes: Uint8Array): Generator<Segment> {
  for (let at = 2; at + 1 < bytes.length;) {
    const marker = bytes[at + 1] as number;
    if (bytes[at] !== MARKER || marker === MARKER) at += 1;
    else if (marker === 0 || isAlone(marker)) at += 2;
    else {
      const size = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
      const end = at + 2 + size;
      if (size < 2 || end > bytes.length) return;
      yield { marker, content: bytes.subarray(at + 4, end) };
      if (marker === START_OF_SCAN) return;
      at = end;
    }
  }
}

function isFrame(marker: number): boolean {
  const { first, last, notFrames } = START_OF_FRAME;
  return marker >= first && marker <= last && !notFrames.includes(marker);
}

function sizesOf(frame: DataView): Omit<JpegHeader, 'orientation'> {
  return {
    depth: frame.getUint8(0),
    height: frame.getUint16(1),
    width: frame.getUint16(3),
    components: frame.getUint8(5),
  };
}

function startsWith(content: Uint8Array, beginning: Buffer): boolean {
  return beginning.equals(content.subarray(0, beginning.length));
}
