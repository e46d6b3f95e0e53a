// How a picture is to be turned to stand upright, as Pillow's exif_transpose has it.
import { readFirstDirectory } from './tiff';

/** Tags of TIFF (section 8) and of XMP, part 3. */
const ORIENTATION_TAG = 0x0112;
const XMP_TAG = 700;
export const UPRIGHT = 1;
const MOST = 8;

/** Before EXIF's TIFF file, in most formats. */
const EXIF_PREFIX = Buffer.from('Exif\0\0');
/** An attribute or an element of XMP's `tiff` names; Pillow looks for no more than this. */
const XMP_ORIENTATION = /tiff:Orientation(?:="|>)([0-9])/;

/** Where a file may tell it. */
export interface OrientationSources {
  /** A TIFF file, perhaps after `Exif` and two zeros. */
  exif?: Uint8Array | undefined;
  /** XML. */
  xmp?: Uint8Array | undefined;
}

/** 1 to 8, as EXIF counts; XMP is asked where EXIF has no such tag. What cannot be read is upright. */
export function orientationOf({ exif, xmp }: OrientationSources): number {
  if (!exif) return fromXmp(xmp);
  const tags = readFirstDirectory(withoutPrefix(exif));
  // A tag that is no number turns nothing, but is a tag.
  const told = tags?.get(ORIENTATION_TAG);
  return tags === null || told ? valid(told?.number()) : fromXmp(xmp);
}

/** Of a TIFF file, which has the tags of EXIF itself, and XMP as one of them. */
export function tiffOrientation(file: Uint8Array): number {
  const xmp = readFirstDirectory(file)?.get(XMP_TAG);
  return orientationOf({ exif: file, xmp: xmp?.number() === null ? xmp.bytes : undefined });
}

/**
 * Of an AVIF file, whose own turning its decoder has done: EXIF turns nothing more, and where either
 * is there XMP doesn't either.
 */
export function avifOrientation(file: Uint8Array, { exif, xmp }: OrientationSources): number {
  const told = exif && readFirstDirectory(withoutPrefix(exif))?.has(ORIENTATION_TAG);
  return told || hasTurningBox(file) ? UPRIGHT : fromXmp(xmp);
}

/** Boxes that turn and mirror (ISO 23008-12, 6.5.10 and 6.5.12); they come before the pixels. */
function hasTurningBox(file: Uint8Array): boolean {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length);
  const pixels = bytes.indexOf('mdat');
  const before = pixels < 0 ? bytes : bytes.subarray(0, pixels);
  return before.includes('irot') || before.includes('imir');
}

function withoutPrefix(exif: Uint8Array): Uint8Array {
  let rest = exif;
  while (EXIF_PREFIX.equals(rest.subarray(0, EXIF_PREFIX.length)))
    rest = rest.subarray(EXIF_PREFIX.length);
  return rest;
}

function fromXmp(xmp: Uint8Array | undefined): number {
  const match = xmp && XMP_ORIENTATION.exec(Buffer.from(xmp).toString('latin1'));
  return valid(match ? Number(match[1]) : null);
}

function valid(orientation: number | null | undefined): number {
  const isOne = Number.isInteger(orientation) && Number(orientation) >= 1;
  return isOne && Number(orientation) <= MOST ? Number(orientation) : UPRIGHT;
}
