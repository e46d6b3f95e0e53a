// What kind of picture some bytes are, by how they begin; names of files say nothing.
import { BitError } from '../errors';
import { FORMATS, type Signature } from './signatures';

/** So many bytes tell. */
export const TELLING_BYTES = 512;

/** XML or HTML, perhaps after a byte order mark and white space, in any encoding of Unicode. */
const MARKUP = /^(\xef\xbb\xbf)?\s*<[?!a-z]/i;
const WIDE_MARKUP = /^\0{0,2}(\xff\xfe|\xfe\xff)?\0{0,3}(\s\0{1,3})*<\0{0,3}[?!a-z]/i;
const SVG = /<\0{0,3}(svg\b|s\0{1,3}v\0{1,3}g|svg:svg)/i;
const LFS_POINTER = 'version https://git-lfs';

/** What is read, for messages. */
export const READ_FORMATS = 'JPEG, PNG, WebP, TIFF, GIF, AVIF, BMP, PBM, PGM and PPM';

/**
 * The name of the format that an encoded image begins as; null where it is none that is read.
 * @param bytes from its start, TELLING_BYTES of them where there are as many.
 */
export function formatOf(bytes: Uint8Array): string | null {
  const format = signatureOf(startOf(bytes));
  return format?.isRead ? format.name : null;
}

/**
 * Looks at the first bytes of an encoded image.
 * @param bytes as for formatOf.
 * @throws BitError ERR_BIT_IMAGE for what is not read, saying what it is.
 */
export function expectPicture(bytes: Uint8Array): void {
  const start = startOf(bytes);
  const format = signatureOf(start);
  if (format?.isRead) return;
  throw new BitError(
    'ERR_BIT_IMAGE',
    `it is ${format?.name ?? nameOfText(start)}; ${READ_FORMATS} are read`,
  );
}

function startOf(bytes: Uint8Array): string {
  const { buffer, byteOffset, byteLength } = bytes;
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1', 0, TELLING_BYTES);
}

function signatureOf(start: string): Signature | undefined {
  return FORMATS.find(({ starts, at = 0 }) =>
    starts.some((each) =>
      typeof each === 'string' ? start.startsWith(each, at) : each.test(start),
    ),
  );
}

function nameOfText(start: string): string {
  if (start.startsWith(LFS_POINTER)) return 'a Git LFS pointer, not the picture itself';
  if (!MARKUP.test(start) && !WIDE_MARKUP.test(start)) return 'no picture of a known format';
  return SVG.test(start) ? 'SVG, a drawing without pixels' : 'XML or HTML, not a picture';
}
