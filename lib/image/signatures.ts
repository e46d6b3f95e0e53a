// Formats by the bytes that their files begin with: those that are read, and those that people take for them.
/* eslint-disable no-control-regex -- these are bytes, not text */

/** A format by its first bytes: text in Latin-1, at a place other than the beginning where one is given. */
export interface Signature {
  name: string;
  starts: readonly (string | RegExp)[];
  at?: number;
  isRead: boolean;
}

/** In order: what begins alike is told apart by who comes first. */
export const FORMATS: readonly Signature[] = [
  { name: 'JPEG', starts: ['\xff\xd8\xff'], isRead: true },
  { name: 'PNG', starts: ['\x89PNG\r\n\x1a\n'], isRead: true },
  { name: 'GIF', starts: ['GIF87a', 'GIF89a'], isRead: true },
  { name: 'WebP', starts: [/^RIFF[^]{4}WEBP/], isRead: true },
  {
    name: 'TIFF',
    starts: ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'],
    isRead: true,
  },
  { name: 'AVIF', starts: [/^[^]{4}ftyp[^]{0,200}?(avif|avis)/], isRead: true },
  { name: 'BMP', starts: [/^BM[^]{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0/], isRead: true },
  { name: 'Netpbm', starts: [/^P[1-6][ \t-\r]/], isRead: true },

  { name: 'HEIC', starts: [/^[^]{4}ftyp(hei|hev|mif1|msf1)/], isRead: false },
  { name: 'a BMP of an unknown kind', starts: [/^BM[^]{2}[^]{2}\0\0\0\0/], isRead: false },
  { name: 'Netpbm of a kind that is rare (PAM, PFM)', starts: [/^P[7Ff][\s#]/], isRead: false },
  { name: 'an icon (ICO)', starts: [/^\0\0\x01\0(?!\0\0)/], isRead: false },
  { name: 'a cursor (CUR)', starts: [/^\0\0\x02\0(?!\0\0)/, /^RIFF[^]{4}ACON/], isRead: false },
  { name: 'an icon of macOS (ICNS)', starts: ['icns'], isRead: false },
  { name: 'JPEG 2000', starts: ['\0\0\0\x0cjP  ', '\xff\x4f\xff\x51'], isRead: false },
  { name: 'JPEG XL', starts: ['\xff\x0a', '\0\0\0\x0cJXL '], isRead: false },
  { name: 'JPEG XR', starts: ['II\xbc\x01'], isRead: false },
  { name: 'Photoshop (PSD)', starts: ['8BPS'], isRead: false },
  { name: 'GIMP (XCF)', starts: ['gimp xcf'], isRead: false },
  { name: 'DirectDraw (DDS)', starts: ['DDS '], isRead: false },
  { name: 'QOI', starts: ['qoif'], isRead: false },
  { name: 'PCX', starts: [/^\x0a[\0-\x05][\0\x01][\x01\x02\x04\x08]/], isRead: false },
  { name: 'SGI', starts: [/^\x01\xda[\0\x01][\x01\x02]/], isRead: false },
  { name: 'Sun raster', starts: ['\x59\xa6\x6a\x95'], isRead: false },
  { name: 'XBM', starts: [/^#define \S+_width/], isRead: false },
  { name: 'XPM', starts: ['/* XPM */'], isRead: false },
  { name: 'OpenEXR', starts: ['\x76\x2f\x31\x01'], isRead: false },
  { name: 'Radiance HDR', starts: ['#?RADIANCE', '#?RGBE'], isRead: false },
  { name: 'FITS', starts: ['SIMPLE  ='], isRead: false },
  { name: 'DICOM', starts: ['DICM'], at: 128, isRead: false },
  { name: 'DjVu', starts: ['AT&TFORM'], isRead: false },
  {
    name: 'a Windows metafile (WMF, EMF)',
    starts: ['\xd7\xcd\xc6\x9a', /^\x01\0\0\0[^]{36} EMF/],
    isRead: false,
  },
  { name: 'PDF', starts: ['%PDF-'], isRead: false },
  { name: 'PostScript', starts: ['%!PS', '\xc5\xd0\xd3\xc6'], isRead: false },

  { name: 'a video (MP4, QuickTime)', starts: [/^[^]{4}(ftyp|moov|mdat)/], isRead: false },
  { name: 'a video (WebM, Matroska)', starts: ['\x1a\x45\xdf\xa3'], isRead: false },
  { name: 'a video (AVI)', starts: [/^RIFF[^]{4}AVI /], isRead: false },
  { name: 'a video (MPEG)', starts: ['\0\0\x01\xba', '\0\0\x01\xb3'], isRead: false },

  { name: 'a zip archive', starts: ['PK\x03\x04'], isRead: false },
  { name: 'compressed by gzip', starts: ['\x1f\x8b'], isRead: false },
  { name: 'compressed by xz', starts: ['\xfd7zXZ\0'], isRead: false },
  { name: 'compressed by Zstandard', starts: ['\x28\xb5\x2f\xfd'], isRead: false },
  { name: 'compressed by bzip2', starts: [/^BZh[1-9]/], isRead: false },
  { name: 'a 7z archive', starts: ['7z\xbc\xaf\x27\x1c'], isRead: false },
  { name: 'a RAR archive', starts: ['Rar!\x1a\x07'], isRead: false },
  { name: 'a tar archive', starts: ['ustar'], at: 257, isRead: false },
  // It has no signature, only fields of few values: kind of palette, kind of picture, bits of a pixel.
  {
    name: 'Targa (TGA)',
    starts: [/^[^](\0[\x02\x03\x0a\x0b]|\x01[\x01\x09])[^]{13}[\x08\x0f\x10\x18\x20][\0-\x3f]/],
    isRead: false,
  },
];
