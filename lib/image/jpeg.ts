// The little that is read of a JPEG before it is decoded (ITU-T T.81, annex B).

/** Markers of segments; the others of START_OF_FRAME's range are tables. */
const MARKER = 0xff;
const START_OF_IMAGE = 0xd8;
const START_OF_FRAME = { first: 0xc0, last: 0xcf, notFrames: [0xc4, 0xc8, 0xcc] };
const START_OF_SCAN = 0xda;
/** Of a segment: its marker and its length; and where a frame says how many components it has. */
const MARKER_BYTES = 2;
const COMPONENTS_AT = 9;

/** Whether these bytes begin a JPEG of grey or colour: nothing that takes more care, such as CMYK. */
export function isCommonJpeg(bytes: Uint8Array): boolean {
  if (bytes[0] !== MARKER || bytes[1] !== START_OF_IMAGE) return false;
  let at = MARKER_BYTES;
  while (at + COMPONENTS_AT < bytes.length && bytes[at] === MARKER) {
    const marker = bytes[at + 1] as number;
    if (marker === START_OF_SCAN) return false;
    if (isFrame(marker)) return [1, 3].includes(bytes[at + COMPONENTS_AT] as number);
    at += MARKER_BYTES + (bytes[at + 2] as number) * 256 + (bytes[at + 3] as number);
  }
  return false;
}

function isFrame(marker: number): boolean {
  const { first, last, notFrames } = START_OF_FRAME;
  return marker >= first && marker <= last && !notFrames.includes(marker);
}
