// Texts of a PNG that say how it lies, cut off and broken.
import { deflateSync } from 'node:zlib';
import { readPng } from '../../lib/image/png';

const XMP = 'XML:com.adobe.xmp';

/** Chunks without checksums that count, as `readPng` reads them. */
function png(...chunks: [string, Buffer][]): Uint8Array {
  const parts = chunks.map(([type, content]) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(content.length);
    return Buffer.concat([length, Buffer.from(type), content, Buffer.alloc(4)]);
  });
  return Buffer.concat([Buffer.alloc(8), ...parts]);
}

const zTXt = (keyword: string, packed: Buffer): [string, Buffer] => [
  'zTXt',
  Buffer.concat([Buffer.from(`${keyword}\0\0`), packed]),
];

const xmpOf = (file: Uint8Array) => {
  const { xmp } = readPng(file);
  return xmp && Buffer.from(xmp).toString();
};

test('a packed text that is cut off counts as far as it goes', () => {
  const text = 'orientation '.repeat(1000);
  const packed = deflateSync(text, { level: 0 });
  const found = xmpOf(png(zTXt(XMP, packed.subarray(0, 5000)))) as string;
  expect(found.length).toBeGreaterThan(4000);
  expect(text.startsWith(found)).toBe(true);
});

test('one that cannot be unpacked does not count, nor one of more than a megabyte', () => {
  expect(xmpOf(png(zTXt(XMP, Buffer.from('no deflate'))))).toBeUndefined();
  const [fits, tooLong] = [2 ** 20, 2 ** 20 + 1].map((length) =>
    xmpOf(png(zTXt(XMP, deflateSync(Buffer.alloc(length, 'x'))))),
  );
  expect(fits).toHaveLength(2 ** 20);
  expect(tooLong).toBeUndefined();
});

test('of an earlier text and one that cannot be read the earlier one stays', () => {
  const good = zTXt(XMP, deflateSync('first'));
  expect(xmpOf(png(good, zTXt(XMP, Buffer.from('no deflate'))))).toBe('first');
});
