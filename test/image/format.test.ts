// What a picture is said to be, by its first bytes.
import { expectPicture, formatOf } from '../../lib/image/format';
import { encodedPictures, unreadPictures } from '../support/encoded';

const latin1 = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));

function refusal(bytes: Uint8Array): string {
  expect(formatOf(bytes)).toBeNull();
  try {
    expectPicture(bytes);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it was not refused');
}

test('what is read is known by its format', () => {
  const names: Record<string, string> = { PBM: 'Netpbm', PGM: 'Netpbm', PPM: 'Netpbm' };
  for (const { name, file } of encodedPictures) {
    const format = name.split(',')[0] as string;
    expect([name, formatOf(file)]).toEqual([name, names[format] ?? format]);
    expect(() => expectPicture(file)).not.toThrow();
  }
});

test.each(unreadPictures)('Pillow’s $name is named', ({ name, file }) => {
  const words: Record<string, string> = {
    JPEG2000: 'JPEG 2000',
    DDS: 'DirectDraw',
    EPS: 'PostScript',
  };
  const format = name.split(',')[0] as string;
  const message = refusal(file);
  expect(message).toContain(words[format] ?? format);
  expect(message).toMatch(/; JPEG, PNG, .* are read$/);
});

test.each([
  ['\0\0\x02\0\x01\0\x20\x20\0\0', 'a cursor (CUR)'],
  ['\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'HEIC'],
  ['\0\0\0\x18ftypmsf1\0\0\0\0msf1hevc', 'HEIC'],
  ['\0\0\0\x20ftypisom\0\0\x02\0isomiso2', 'a video (MP4'],
  ['RIFF\x10\0\0\0AVI LIST', 'a video (AVI)'],
  ['8BPS\0\x01', 'Photoshop (PSD)'],
  ['gimp xcf v011', 'GIMP (XCF)'],
  ['\xff\x0a\xfa\x7f', 'JPEG XL'],
  ['P7\nWIDTH 4\n', 'PAM'],
  ['BM' + '\x01'.repeat(30), 'no picture of a known format'],
  ['BMW is no bitmap', 'no picture of a known format'],
  ['Rar!\x1a\x07\0', 'a RAR archive'],
  ['\x1f\x8b\x08', 'compressed by gzip'],
  ['P3ople wrote this', 'no picture of a known format'],
])('%j is %s', (start, words) => {
  expect(refusal(latin1(start))).toContain(words);
});

test.each([
  ['UTF-16', (text: string) => Buffer.from(text, 'utf16le')],
  ['UTF-16, the other order', (text: string) => Buffer.from(text, 'utf16le').swap16()],
  ['UTF-32', (text: string) => Buffer.from(Uint32Array.from(text, (c) => c.charCodeAt(0)).buffer)],
  [
    'UTF-32, the other order',
    (text: string) => Buffer.from(Uint32Array.from(text, (c) => c.charCodeAt(0)).buffer).swap32(),
  ],
])('SVG in %s, with a byte order mark and without', (_, encode) => {
  const svg = '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>';
  for (const text of [svg, `\ufeff${svg}`, ` \n${svg}`])
    expect(refusal(Uint8Array.from(encode(text)))).toContain('SVG');
});

const some = (count: number) => '\x55'.repeat(count);

// By the documentation of each format.
test.each([
  ['BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x63\0\0\0', 'a BMP of an unknown kind'],
  ['P7#WIDTH', 'PAM'],
  ['PF\n3 2', 'PFM'],
  ['Pf\n3 2', 'PFM'],
  ['\0\0\x01\0\x02\0', 'an icon (ICO)'],
  [`RIFF${some(4)}ACON`, 'a cursor (CUR)'],
  ['icns', 'an icon of macOS (ICNS)'],
  ['\0\0\0\x0cjP  \r\n', 'JPEG 2000'],
  ['\xff\x4f\xff\x51', 'JPEG 2000'],
  ['\0\0\0\x0cJXL \r\n', 'JPEG XL'],
  ['II\xbc\x01', 'JPEG XR'],
  ['DDS ', 'DirectDraw (DDS)'],
  ['qoif', 'QOI'],
  ['\x0a\x05\x01\x08', 'PCX'],
  ['\x0a\0\0\x01', 'PCX'],
  ['\x01\xda\x01\x01', 'SGI'],
  ['\x01\xda\0\x02', 'SGI'],
  ['\x59\xa6\x6a\x95', 'Sun raster'],
  ['#define cat_width 3', 'XBM'],
  ['/* XPM */', 'XPM'],
  ['\x76\x2f\x31\x01', 'OpenEXR'],
  ['#?RADIANCE', 'Radiance HDR'],
  ['#?RGBE', 'Radiance HDR'],
  ['SIMPLE  =', 'FITS'],
  [`${some(128)}DICM`, 'DICOM'],
  ['AT&TFORM', 'DjVu'],
  ['\xd7\xcd\xc6\x9a', 'a Windows metafile'],
  [`\x01\0\0\0${some(36)} EMF`, 'a Windows metafile'],
  ['%PDF-1.7', 'PDF'],
  ['%!PS-Adobe', 'PostScript'],
  ['\xc5\xd0\xd3\xc6', 'PostScript'],
  ['\0\0\0\x18moov', 'a video (MP4'],
  ['\0\0\0\x18mdat', 'a video (MP4'],
  [`\0\0\0\x18ftypisom${some(200)}avif`, 'a video (MP4'],
  ['\0\0\0\x18ftyphevc', 'HEIC'],
  ['\0\0\0\x18ftypmif1', 'HEIC'],
  ['\x1a\x45\xdf\xa3', 'a video (WebM'],
  ['\0\0\x01\xba', 'a video (MPEG)'],
  ['\0\0\x01\xb3', 'a video (MPEG)'],
  ['PK\x03\x04', 'a zip archive'],
  ['\xfd7zXZ\0', 'compressed by xz'],
  ['\x28\xb5\x2f\xfd', 'compressed by Zstandard'],
  ['BZh9', 'compressed by bzip2'],
  ['7z\xbc\xaf\x27\x1c', 'a 7z archive'],
  [`${some(257)}ustar`, 'a tar archive'],
  [`\0\0\x02${some(13)}\x18\0`, 'Targa (TGA)'],
  [`\0\0\x0b${some(13)}\x08\x3f`, 'Targa (TGA)'],
  [`\0\x01\x09${some(13)}\x20\0`, 'Targa (TGA)'],
])('%j begins as %s does, which is not read', (start, words) => {
  expect(refusal(latin1(start))).toContain(words);
});

test.each([
  [' BZh9'],
  ['BZh0'],
  ['\x0a\x06\x01\x08'],
  ['\x0a\x05\x02\x08'],
  ['\x0a\x05\x01\x03'],
  [' \x0a\x05\x01\x08'],
  ['\x01\xda\x02\x01'],
  ['\x01\xda\x01\x03'],
  [' \x01\xda\x01\x01'],
  ['#define width 3'],
  ['#define a b_width'],
  [' #define cat_width 3'],
  ['P8 3 2'],
  ['P0 3 2'],
  ['P6\x0e3 2'],
  ['P6x'],
  [' P6 3 2'],
  ['P7x'],
  [' P7 '],
  ['\0\0\x01\0\0\0'],
  ['\0\0\x02\0\0\0'],
  [' \0\0\x01\0\x02\0'],
  [' \0\0\x02\0\x02\0'],
  [`RIFF${some(4)}WAVE`],
  [`RIFF${some(3)}WEBP`],
  [`RIFF${some(5)}WEBP`],
  [`RIFF\0\0\0${some(1)}AVI`],
  [` RIFF${some(4)}WEBP`],
  [` RIFF${some(4)}AVI `],
  [` RIFF${some(4)}ACON`],
  ['\0\0\0\x18free'],
  ['\0\0\0ftypavif'],
  ['\0\0\0\0\0ftypavif'],
  ['\0\0\0ftypheic'],
  ['\0\0\0\0\0ftypheic'],
  [`\x01\0\0\0${some(35)} EMF`],
  [`\x01\0\0\0${some(37)} EMF`],
  [` \x01\0\0\0${some(36)} EMF`],
  ['BM\x46\0\0\0\0\0\x01\0\x36'],
  ['BM\x46\0\0\0\0\0\0'],
  [' BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0'],
  [`${some(127)}DICM`],
  [`${some(256)}ustar`],
  [`\0\0\x04${some(13)}\x18\0`],
  [`\0\x01\x02${some(13)}\x18\0`],
  [`\0\x02\x02${some(13)}\x18\0`],
  [`\0\0\x02${some(13)}\x19\0`],
  [`\0\0\x02${some(13)}\x18\x40`],
  [`\0\0\x02${some(12)}\x18\0`],
  [`\0\0\x02${some(14)}\x18\0`],
])('%j begins as nothing that is known', (start) => {
  expect(refusal(latin1(start))).toContain('no picture of a known format');
});

test.each([
  ['GIF87a', 'GIF'],
  ['GIF89a', 'GIF'],
  ['II*\0', 'TIFF'],
  ['MM\0*', 'TIFF'],
  ['II+\0', 'TIFF'],
  ['MM\0+', 'TIFF'],
  [`RIFF${some(4)}WEBP`, 'WebP'],
  ['\0\0\0\x18ftypavif', 'AVIF'],
  ['\0\0\0\x18ftypavis', 'AVIF'],
  [`\0\0\0\x18ftyp${some(200)}avif`, 'AVIF'],
  ['P1\t3', 'Netpbm'],
  ['P6\r3', 'Netpbm'],
  ['P3\x0b3', 'Netpbm'],
  ...[...'\x0c\x28\x34\x38\x40\x6c\x7c'].map((size) => [`BM${some(12)}${size}\0\0\0`, 'BMP']),
] as [string, string][])('%j begins as %s does, which is read', (start, name) => {
  expect(formatOf(latin1(start))).toBe(name);
  expect(() => expectPicture(latin1(start))).not.toThrow();
});
