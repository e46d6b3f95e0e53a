// What kind of picture some bytes are, by how they begin; names of files say nothing.
import { BitError } from '../errors';

/** So many bytes tell. */
export const TELLING_BYTES = 512;

/** A format by its first bytes: text in Latin-1, at a place other than the beginning where one is given. */
interface Signature {
  name: string;
  starts: readonly (string | RegExp)[];
  at?: number;
  isRead: boolean;
}

const FORMATS: readonly Signature[] = [
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
  { name: 'HEIC', starts: [/^[^]{4}ftyp(hei|hev|mif1|msf1)/], isRead: false },
  { name: 'BMP', starts: ['BM'], isRead: false },
  { name: 'Netpbm (PBM, PGM, PPM)', starts: [/^P[1-7fF][\s#]/], isRead: false },
  { name: 'an icon (ICO)', starts: ['\0\0\x01\0', '\0\0\x02\0'], isRead: false },
  { name: 'JPEG 2000', starts: ['\0\0\0\x0cjP  ', '\xff\x4f\xff\x51'], isRead: false },
  { name: 'JPEG XL', starts: ['\xff\x0a', '\0\0\0\x0cJXL '], isRead: false },
  { name: 'Photoshop (PSD)', starts: ['8BPS'], isRead: false },
  { name: 'DirectDraw (DDS)', starts: ['DDS '], isRead: false },
  { name: 'QOI', starts: ['qoif'], isRead: false },
  { name: 'OpenEXR', starts: ['\x76\x2f\x31\x01'], isRead: false },
  { name: 'Radiance HDR', starts: ['#?RADIANCE', '#?RGBE'], isRead: false },
  { name: 'FITS', starts: ['SIMPLE  ='], isRead: false },
  { name: 'PDF', starts: ['%PDF-'], isRead: false },
  { name: 'PostScript', starts: ['%!PS', '\xc5\xd0\xd3\xc6'], isRead: false },
  { name: 'a video (MP4, QuickTime)', starts: [/^[^]{4}ftyp/], isRead: false },
  { name: 'a video (WebM, Matroska)', starts: ['\x1a\x45\xdf\xa3'], isRead: false },

  { name: 'a zip archive', starts: ['PK\x03\x04'], isRead: false },
  { name: 'compressed by gzip', starts: ['\x1f\x8b'], isRead: false },
  { name: 'a tar archive', starts: ['ustar'], at: 257, isRead: false },
];

/** XML or HTML, perhaps after a byte order mark, white space and comments. */
const MARKUP = /^(\xef\xbb\xbf)?\s*<[?!a-z]/i;
/** The same in UTF-16, of either order. */
const WIDE_MARKUP = /^(\xff\xfe|\xfe\xff)?\0?(\s\0|\0\s)*\0?<\0?[?!a-z]/i;
const SVG = /<\0?s\0?v\0?g/i;
const LFS_POINTER = 'version https://git-lfs';

/** What is read, for messages. */
export const READ_FORMATS = 'JPEG, PNG, WebP, TIFF, GIF and AVIF';

/**
 * Looks at the first bytes of an encoded image.
 * @param bytes from its start, TELLING_BYTES of them where there are as many.
 * @throws BitError ERR_BIT_IMAGE for what is not read, saying what it is.
 */
export function expectPicture(bytes: Uint8Array): void {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(
    'latin1',
    0,
    TELLING_BYTES,
  );
  const format = FORMATS.find(({ starts, at = 0 }) =>
    starts.some((each) =>
      typeof each === 'string' ? start.startsWith(each, at) : each.test(start),
    ),
  );
  if (format?.isRead) return;
  throw new BitError(
    'ERR_BIT_IMAGE',
    `it is ${format?.name ?? nameOfText(start)}; ${READ_FORMATS} are read`,
  );
}

function nameOfText(start: string): string {
  if (start.startsWith(LFS_POINTER)) return 'a Git LFS pointer, not the picture itself';
  if (!MARKUP.test(start) && !WIDE_MARKUP.test(start)) return 'no picture of a known format';
  return SVG.test(start) ? 'SVG, a drawing without pixels' : 'XML or HTML, not a picture';
}
