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
