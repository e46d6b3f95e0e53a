import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { decodeImage } from '../../lib/image/decode';
import { HeldImage, type ImageInput } from '../../lib/image/input';
import { IMAGES, expected, sha256 } from '../support/pictures';
import { temporaryFolder } from '../support/temporary';

const folder = temporaryFolder();

const decode = async (input: ImageInput) => {
  const held = HeldImage.of(input);
  return decodeImage(await held.read(), held.source);
};

const readable = Object.entries(expected.pictures).filter(([, { error }]) => !error);
const broken = Object.entries(expected.pictures).filter(([, { error }]) => error);

describe("decodeImage gives Pillow's RGB bytes", () => {
  test.each(readable)('%s', async (name, { width, height, sha256: hash }) => {
    const pixels = await decode(join(IMAGES, name));
    expect([pixels.width, pixels.height, pixels.channels]).toEqual([width, height, 3]);
    expect(sha256(pixels.data)).toBe(hash);
  });

  test.each(broken)('%s is refused by both', async (name) => {
    await expect(decode(join(IMAGES, name))).rejects.toMatchObject({ code: 'ERR_BIT_IMAGE' });
  });
});

test('of 16 bits of grey with alpha, the high bytes count, as for Pillow', async () => {
  const values = [0x1280, 0xffff, 0x0080, 0x8000, 0xfeff, 0];
  const pixels = Buffer.alloc(1 + 2 * values.length);
  values.forEach((value, i) => pixels.writeUInt16BE(value, 1 + 2 * i));
  const header = Buffer.from([0, 0, 0, 3, 0, 0, 0, 1, 16, 4, 0, 0, 0]);
  const chunk = (type: string, content: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), content]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(content.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const png = Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(pixels)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
  const { data, width, height } = await decode(png);
  // What Pillow 12 gives: Image.open(...).convert('RGB').
  expect([[...data], width, height]).toEqual([[18, 18, 18, 0, 0, 0, 254, 254, 254], 3, 1]);
});

describe('decodeImage refuses what Pillow refuses', () => {
  const whole = readFileSync(join(IMAGES, 'rgb.png'));

  /** A grey TIFF of 10 x 10 in one strip at its end. */
  function greyTiff(): Buffer {
    const tags: [number, number][] = [
      [256, 10], // width
      [257, 10], // height
      [258, 8], // bits of a sample
      [259, 1], // not compressed
      [262, 1], // 0 is black
      [273, 8 + 2 + 9 * 12 + 4], // where the strip begins
      [277, 1], // samples of a pixel
      [278, 10], // rows of the strip
      [279, 100], // its bytes
    ];
    const entries = tags.map(([tag, value]) => {
      const entry = Buffer.alloc(12);
      entry.writeUInt16LE(tag, 0);
      entry.writeUInt16LE(3, 2); // one 16-bit value
      entry.writeUInt32LE(1, 4);
      entry.writeUInt16LE(value, 8);
      return entry;
    });
    const header = Buffer.from([0x49, 0x49, 42, 0, 8, 0, 0, 0, tags.length, 0]);
    return Buffer.concat([header, ...entries, Buffer.alloc(4), Buffer.alloc(100, 77)]);
  }

  test('an uncompressed TIFF cut short', async () => {
    const tiff = greyTiff();
    expect((await decode(tiff)).data).toEqual(Buffer.alloc(300, 77));
    await expect(decode(tiff.subarray(0, -1))).rejects.toMatchObject({ code: 'ERR_BIT_IMAGE' });
  });

  test('a deflated TIFF whose data are damaged', async () => {
    const tiff = await sharp(whole).tiff({ compression: 'deflate', predictor: 'none' }).toBuffer();
    tiff.fill(0x5a, 16, 48); // in its first strip
    await expect(decode(tiff)).rejects.toMatchObject({ code: 'ERR_BIT_IMAGE' });
  });

  test('a device', async () => {
    await expect(decode('/dev/zero')).rejects.toMatchObject({
      code: 'ERR_BIT_IMAGE',
      message: 'Cannot read /dev/zero: it is a device',
    });
  });
});

describe('decodeImage takes', () => {
  const path = join(IMAGES, 'rgb.png');
  const hash = expected.pictures['rgb.png']?.sha256;
  const bytes = readFileSync(path);

  test.each([
    ['a file: URL as text', () => `file://${path}`],
    ['a URL object', () => new URL(`file://${path}`)],
    ['a Buffer', () => bytes],
    ['a Uint8Array', () => new Uint8Array(bytes)],
    ['an ArrayBuffer', () => new Uint8Array(bytes).buffer],
    ['a base64 data: URL', () => `data:image/png;base64,${bytes.toString('base64')}`],
    ['a sharp instance', () => sharp(path)],
  ])('%s', async (_, input) => {
    expect(sha256((await decode(input())).data)).toBe(hash);
  });

  test('a percent-encoded data: URL', async () => {
    const text = Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
    expect(sha256((await decode(`data:image/png,${text}`)).data)).toBe(hash);
  });

  test('raw pixels, as they are', async () => {
    const raw = { data: Uint8Array.of(1, 2, 3, 4), width: 2, height: 1, channels: 2 };
    expect(await decode(raw)).toEqual(raw);
  });
});

describe('decodeImage refuses', () => {
  test.each([
    ['a path that does not exist', '/nowhere/at/all.jpg', 'no such file'],
    ['a folder', IMAGES, 'folder'],
    ['text that is no image', __filename, 'no picture'],
    ['an empty path', '', 'path or URL'],
    ['a path with a NUL', 'a\0b', 'path or URL'],
    ['a URL of another scheme', 'ftp://example.org/cat.jpg', 'https:'],
    ['no bytes', new Uint8Array(0), 'no bytes'],
    ['noise', Uint8Array.from({ length: 64 }, (_, i) => i * 37), 'no picture'],
    ['a data: URL without data', 'data:image/png', 'comma'],
    ['a data: URL that is not base64', 'data:image/png;base64,%%%', 'base64'],
    ['a number', 3 as never, 'received 3'],
    ['null', null as never, 'received null'],
    [
      'raw pixels of another size',
      { data: new Uint8Array(5), width: 2, height: 2, channels: 3 },
      'received 5',
    ],
    [
      'raw pixels of five channels',
      { data: new Uint8Array(5), width: 1, height: 1, channels: 5 },
      'channels',
    ],
    [
      'raw pixels of no width',
      { data: new Uint8Array(0), width: 0, height: 1, channels: 3 },
      'positive',
    ],
    [
      'raw floats',
      { data: new Float32Array(3) as never, width: 1, height: 1, channels: 3 },
      'Expected',
    ],
    ['a server that is not there', 'http://127.0.0.1:9/x.jpg', 'Cannot read'],
  ])('%s', async (_, input, words) => {
    await expect(decode(input)).rejects.toMatchObject({
      name: 'BitError',
      code: 'ERR_BIT_IMAGE',
      message: expect.stringContaining(words) as string,
    });
  });

  test('an image cut short', async () => {
    const bytes = readFileSync(join(IMAGES, 'baseline_420.jpg'));
    for (const kept of [10, 200, bytes.length / 2, bytes.length - 30]) {
      await expect(decode(bytes.subarray(0, kept))).rejects.toMatchObject({
        code: 'ERR_BIT_IMAGE',
      });
    }
  });

  test('what is damaged, and shows 300 characters of its path, where it has one', async () => {
    const cut = readFileSync(join(IMAGES, 'rgb.png')).subarray(0, 60);
    const path = join(folder, 'cut.png');
    writeFileSync(path, cut);
    const messageFor = (input: ImageInput) =>
      decode(input).then(String, (error: Error) => error.message);
    const why = /^Cannot decode the image: (.+)$/.exec(await messageFor(cut))?.[1];
    expect(why).toEqual(expect.any(String));
    expect(await messageFor(path)).toBe(`Cannot decode the image ${path}: ${why}`);
    const long = `${folder}/${'./'.repeat(200)}cut.png`;
    expect((await messageFor(long)).length).toBe(`Cannot decode the image : ${why}`.length + 300);
  });

  test('a picture that claims to be enormous', async () => {
    const bytes = Buffer.from(readFileSync(join(IMAGES, 'rgb.png')));
    bytes.writeUInt32BE(2_000_000_000, 16); // IHDR width
    await expect(decode(bytes)).rejects.toMatchObject({ code: 'ERR_BIT_IMAGE' });
  });
});

test('no frame of a GIF is kept once it is decoded, and the bounds of what is kept are the user’s', async () => {
  const { items } = sharp.cache() as { items: { max: number } };
  const gif = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#123' } })
    .gif()
    .toBuffer();
  sharp.cache({ items: 33 });
  try {
    await decode(gif);
    expect(sharp.cache()).toMatchObject({ items: { current: 0, max: 33 } });
    await decode(join(IMAGES, 'rgb.png'));
    expect(sharp.cache()).not.toMatchObject({ items: { current: 0 } });
    await expect(decode(gif.subarray(0, gif.length - 20))).rejects.toMatchObject({
      code: 'ERR_BIT_IMAGE',
    });
    expect(sharp.cache()).toMatchObject({ items: { current: 0, max: 33 } });
  } finally {
    sharp.cache({ items: items.max });
  }
});
