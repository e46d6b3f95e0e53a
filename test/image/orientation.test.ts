import { avifOrientation, orientationOf } from '../../lib/image/orientation';

const ascii = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));
const xmp = ascii('<x tiff:Orientation="6"/>');
/** A TIFF file of one tag, a SHORT. */
const exifOf = (tag: number, value: number) =>
  Uint8Array.from([
    ...ascii('II*\0\x08\0\0\0\x01\0'),
    tag & 255,
    tag >> 8,
    3,
    0,
    1,
    0,
    0,
    0,
    value,
    0,
    0,
    0,
  ]);
const told = exifOf(0x0112, 3);
const silent = exifOf(0x0100, 3);

test('EXIF counts where it has the tag, else XMP', () => {
  expect(orientationOf({ exif: told, xmp })).toBe(3);
  expect(orientationOf({ exif: silent, xmp })).toBe(6);
  expect(orientationOf({ xmp })).toBe(6);
  expect(orientationOf({ exif: ascii('no TIFF file'), xmp })).toBe(1);
  expect(orientationOf({})).toBe(1);
});

test.each([0, 9])('%i is no orientation', (value) => {
  expect(orientationOf({ exif: exifOf(0x0112, value) })).toBe(1);
});

test.each<[string, string, Uint8Array | undefined, number]>([
  ['by XMP alone', 'ftyp mdat', undefined, 6],
  ['by XMP where EXIF has no such tag', 'ftyp mdat', silent, 6],
  ['by XMP where EXIF cannot be read', 'ftyp mdat', ascii('no TIFF file'), 6],
  ['by nothing where EXIF has one', 'ftyp mdat', told, 1],
  ['by nothing where a box has turned it', 'ftyp irot mdat', undefined, 1],
  ['by nothing where a box has mirrored it', 'ftyp imir mdat', undefined, 1],
  ['by nothing where a box has turned it, before pixels that are cut off', 'irot', undefined, 1],
  ['by XMP where only pixels spell a box', 'ftyp mdat irot', undefined, 6],
  ['by XMP where there is nothing before such pixels', 'mdat irot', undefined, 6],
])('AVIF is turned %s', (_, file, exif, orientation) => {
  expect(avifOrientation(ascii(file), { exif, xmp })).toBe(orientation);
});
