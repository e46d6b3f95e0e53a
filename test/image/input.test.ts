import { execFileSync } from 'node:child_process';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import {
  HeldImage,
  messageOf,
  type ImageInput,
  type RawPixels,
  type ReadOptions,
} from '../../lib/image/input';
import { BitError } from '../../lib/errors';
import { TELLING_BYTES } from '../../lib/image/format';
import { IMAGES } from '../support/pictures';
import { temporaryFolder } from '../support/temporary';

const folder = temporaryFolder();

const readInput = (input: ImageInput, options?: ReadOptions) => HeldImage.of(input).read(options);
const bytes = readFileSync(join(IMAGES, 'rgb.png'));

const refusal = (words: string) => ({
  name: 'BitError',
  code: 'ERR_BIT_IMAGE',
  message: expect.stringContaining(words) as string,
});

test('a pipe is refused, and not waited for', async () => {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  await expect(readInput(pipe)).rejects.toMatchObject(refusal('it is a pipe'));
});

describe('readInput tells apart', () => {
  test('bytes of another realm', async () => {
    const foreign = runInNewContext(`Uint8Array.from([${[...bytes].join()}])`) as Uint8Array;
    expect(await readInput(foreign)).toEqual({ encoded: Uint8Array.from(bytes) });
  });

  test('raw pixels, clamped ones too', async () => {
    const raw: RawPixels = { data: new Uint8ClampedArray(6), width: 1, height: 2, channels: 3 };
    expect(await readInput(raw)).toEqual({ raw });
  });

  test('raw pixels with other keys, such as those of ImageData', async () => {
    const data = new Uint8Array(8);
    const image = { data, width: 1, height: 2, channels: 4, colorSpace: 'srgb' };
    expect(await readInput(image)).toEqual({ raw: { data, width: 1, height: 2, channels: 4 } });
  });

  test('a sharp instance', async () => {
    const image = sharp(bytes);
    const readable = await readInput(image);
    expect('sharp' in readable && (await readable.sharp.metadata()).width).toBe(
      (await image.metadata()).width,
    );
  });

  test('a data: URL whose data is empty', async () => {
    await expect(readInput('data:image/png;base64,')).rejects.toMatchObject(refusal('no bytes'));
  });

  test.each<[unknown, string]>([
    [3, '3'],
    [null, 'null'],
    [undefined, 'undefined'],
    [[], '[]'],
    [{}, '{}'],
    [function draw() {}, 'function draw'],
    [Symbol('x'), 'Symbol(x)'],
    [{ data: [1, 2, 3], width: 1 }, '{"data":[1,2,3],"width":1}'],
    [{ data: new Uint16Array(3) }, '{"data":Uint16Array of 6 bytes}'],
    [{ clone: null, metadata() {} }, '{"clone":null,"metadata":function metadata}'],
    [{ clone() {}, raw() {} }, '{"clone":function clone,"raw":function raw}'],
  ])('nothing usable: %p', async (value, shown) => {
    const kinds =
      'a path, a URL, encoded bytes, a sharp instance or { data, width, height, channels }';
    const message = `Expected ${kinds} but received ${shown}`;
    await expect(readInput(value as never)).rejects.toMatchObject({ ...refusal(''), message });
  });

  test.each([
    [0, 1, 3],
    [1, 0, 3],
    [-1, 1, 3],
    [1.5, 2, 1],
    [2 ** 53, 1, 3],
    ['1', 1, 3],
    [1, 1, 0],
    [1, 1, 5],
    [1, 1, 2.5],
  ])('raw pixels that cannot be: %p x %p x %p', async (width, height, channels) => {
    const image = { data: new Uint8Array(3), width, height, channels };
    const size = `{"width":${JSON.stringify(width)},"height":${height},"channels":${channels}}`;
    await expect(readInput(image as never)).rejects.toMatchObject({
      ...refusal(''),
      message: `Expected positive sizes and 1 to 4 channels for raw pixels but received ${size}`,
    });
  });

  test.each([5, 7, 0])('raw pixels of which there are not six but %i', async (length) => {
    const image = { data: new Uint8Array(length), width: 2, height: 1, channels: 3 };
    const message = `Expected 2 x 1 x 3 bytes of raw pixels but received ${length}`;
    await expect(readInput(image)).rejects.toMatchObject({ ...refusal(''), message });
  });

  test.each([1, 2, 3, 4])('raw pixels of %i channels', async (channels) => {
    const raw = { data: new Uint8Array(channels), width: 1, height: 1, channels };
    expect(await readInput(raw)).toEqual({ raw });
  });

  test('the path or URL of an image, and that there is none', () => {
    const sourceOf = (input: ImageInput) => HeldImage.of(input).source;
    expect(sourceOf('a.png')).toBe('a.png');
    expect(sourceOf(new URL('file:///a%20b.png'))).toBe('file:///a%20b.png');
    expect(sourceOf(' DATA:image/png;base64,AAAA')).toBeNull();
    expect(sourceOf(Uint8Array.from(bytes))).toBeNull();
    const held = HeldImage.of('a.png');
    expect(HeldImage.of(held as never)).toBe(held);
  });

  test.each([
    ['', "Expected a path or URL but received ''"],
    ['a\0b', "Expected a path or URL but received 'a\0b'"],
    [
      'ftp://host/a',
      "Expected a path or a file:, http:, https: or data: URL but received 'ftp://host/a'",
    ],
    [
      ' S3://b/a',
      "Expected a path or a file:, http:, https: or data: URL but received ' S3://b/a'",
    ],
  ])('text that means no picture: %j', async (text, message) => {
    await expect(readInput(text)).rejects.toMatchObject({ ...refusal(''), message });
  });
});

describe('readInput downloads', () => {
  type Answer = (response: ServerResponse, request: IncomingMessage) => void;
  const answers: Record<string, Answer> = {
    '/good.png': (response) => response.end(bytes),
    '/moved.png': (response) => response.writeHead(302, { location: '/good.png' }).end(),
    '/gone.png': (response) => response.writeHead(404).end('no such picture'),
    '/loop.png': (response) => response.writeHead(302, { location: '/loop.png' }).end(),
    '/empty.png': (response) => response.end(),
    '/huge.png': (response) => response.writeHead(200, { 'content-length': 1e12 }).write('x'),
    '/short.png': (response) => {
      response.writeHead(200, { 'content-length': 1000 }).write('x', () => response.destroy());
    },
    '/slow.png': (response) => response.writeHead(200).write('x'),
    '/silent.png': () => undefined,
    '/dripping.png': (response) => {
      response.writeHead(200);
      for (let i = 0; i < 10; i++)
        setTimeout(() => {
          const end = i === 9;
          const part = bytes.subarray((i * bytes.length) / 10, ((i + 1) * bytes.length) / 10);
          response.write(part);
          if (end) response.end();
        }, 100 * i);
    },
    '/nothing.png': (response) => response.writeHead(204).end(),
    '/page.png': (response) => response.end('<html>'),
    // As many bytes as tell, and then nothing more comes.
    '/endless.png': (response) => response.write('<html>'.padEnd(TELLING_BYTES)),
    '/private.png': (response, request) => {
      const user = Buffer.from('me:pa:ss').toString('base64');
      if (request.headers.authorization === `Basic ${user}`) response.end(bytes);
      else response.writeHead(401).end();
    },
  };
  let server: Server;
  let base = '';

  beforeAll(async () => {
    server = createServer((request, response) => answers[request.url ?? '']?.(response, request));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  test('an image, as text and as a URL', async () => {
    expect(await readInput(`${base}/good.png`)).toEqual({ encoded: bytes });
    expect(await readInput(new URL(`${base}/good.png`))).toEqual({ encoded: bytes });
  });

  test('from where it has moved to', async () => {
    expect(await readInput(`${base}/moved.png`)).toEqual({ encoded: bytes });
  });

  test.each([
    ['/gone.png', 'the server answered 404'],
    ['/loop.png', 'redirect'],
    ['/empty.png', 'no bytes'],
    ['/nothing.png', 'no bytes'],
    ['/huge.png', 'larger than'],
    ['/short.png', 'Cannot read'],
    ['/page.png', 'XML or HTML'],
    ['/endless.png', 'XML or HTML'],
    ['/private.png', 'answered 401'],
  ])('but not %s', async (path, words) => {
    await expect(readInput(base + path)).rejects.toMatchObject(refusal(words));
  });

  test('with the user and password of the URL, which no message shows', async () => {
    const url = `${base}/private.png`.replace('://', '://me:pa%3Ass@');
    expect(await readInput(url)).toEqual({ encoded: bytes });
    const wrong = readInput(url.replace('pa', 'no'));
    await expect(wrong).rejects.toMatchObject(refusal('answered 401'));
    await expect(wrong).rejects.not.toMatchObject(refusal('%3Ass'));
  });

  test('by addresses in capitals, or after spaces', async () => {
    const url = `${base}/good.png`.replace('http', '  HTTP');
    expect(await readInput(url)).toEqual({ encoded: bytes });
  });

  test('for as long as something comes, and no longer in silence than was said', async () => {
    expect(await readInput(`${base}/dripping.png`, { timeoutMs: 500 })).toEqual({ encoded: bytes });
    const patient = { timeoutMs: 1e10 };
    expect(await readInput(`${base}/dripping.png`, patient)).toEqual({ encoded: bytes });
    const silent = readInput(`${base}/silent.png`, { timeoutMs: 50 });
    await expect(silent).rejects.toMatchObject(refusal('silent for 0.05 s (the option timeoutMs)'));
    const slow = readInput(`${base}/slow.png`, { timeoutMs: 50 });
    await expect(slow).rejects.toMatchObject(refusal('silent for 0.05 s'));
  });

  test('until the signal aborts, with its reason', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const pending = readInput(`${base}/slow.png`, { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 20);
    await expect(pending).rejects.toBe(reason);
  });
});

describe('an image in memory is held as it was when it was given', () => {
  const raw = () => ({ data: new Uint8Array(12).fill(1), width: 2, height: 2, channels: 3 });

  test.each<[string, (fill: (memory: Uint8Array) => void) => [ImageInput, () => void]]>([
    ['raw pixels', () => ((image) => [image, () => image.data.fill(9)])(raw())],
    [
      'clamped raw pixels',
      () => {
        const image = { ...raw(), data: new Uint8ClampedArray(12).fill(1) };
        return [image, () => image.data.fill(9)];
      },
    ],
    ['encoded bytes', () => ((copy) => [copy, () => copy.fill(9)])(Uint8Array.from(bytes))],
    ['a Buffer', () => ((copy) => [copy, () => copy.fill(9)])(Buffer.from(bytes))],
    ['an ArrayBuffer', () => ((copy) => [copy.buffer, () => copy.fill(9)])(Uint8Array.from(bytes))],
    [
      'shared memory',
      () => {
        const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
        copy.set(bytes);
        return [copy, () => copy.fill(9)];
      },
    ],
    [
      'memory that is transferred',
      () => {
        const copy = Uint8Array.from(bytes);
        return [copy, () => structuredClone(copy.buffer, { transfer: [copy.buffer] })];
      },
    ],
    [
      'memory that shrinks',
      () => {
        const Resizable = ArrayBuffer as unknown as new (
          length: number,
          options: { maxByteLength: number },
        ) => ArrayBuffer & { resize(length: number): void };
        const buffer = new Resizable(bytes.length, { maxByteLength: bytes.length });
        new Uint8Array(buffer).set(bytes);
        return [new Uint8Array(buffer), () => buffer.resize(0)];
      },
    ],
  ])('%s', async (_, make) => {
    const [input, spoil] = make(() => undefined);
    const expected = await HeldImage.of(structuredCloneOf(input)).read();
    const held = HeldImage.of(input);
    spoil();
    expect(await held.read()).toEqual(expected);
  });

  test('and one whose memory is gone already is refused', async () => {
    const copy = Uint8Array.from(bytes);
    structuredClone(copy.buffer, { transfer: [copy.buffer] });
    const cause = expect.objectContaining({ name: 'TypeError' }) as Error;
    const gone = refusal('Cannot read the image: its memory was transferred, or has shrunk (');
    await expect(readInput(copy)).rejects.toMatchObject({ ...gone, cause });
    for (const input of [copy.buffer, { ...raw(), data: copy }])
      await expect(readInput(input)).rejects.toMatchObject({ code: 'ERR_BIT_IMAGE' });
  });

  /** The same values in other memory. */
  function structuredCloneOf(input: ImageInput): ImageInput {
    const isRaw = typeof input === 'object' && 'width' in input;
    if (isRaw) return { ...(input as RawPixels), data: (input as RawPixels).data.slice() };
    return Uint8Array.from(new Uint8Array(input as ArrayBuffer));
  }
});

describe('files are looked at before they are read', () => {
  const write = (name: string, content: string | Uint8Array, size?: number) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    if (size !== undefined) truncateSync(path, size);
    return path;
  };
  const HUGE = 5 * 2 ** 30;

  test.each([
    ['of more than 2 GiB that is no picture', () => write('huge.jpg', '', HUGE), 'no picture'],
    [
      'of more than 2 GiB that begins as one',
      () => write('large.jpg', '\xff\xd8\xff', HUGE),
      'no picture',
    ],
    [
      'of more than 1 GiB that is one',
      () => write('large.png', bytes, HUGE),
      `it has ${HUGE} bytes, and encoded images may have ${2 ** 30}`,
    ],
    ['that is empty', () => write('empty.jpg', ''), 'no bytes'],
    ['that is text', () => write('text.jpg', 'some words'), 'no picture of a known format'],
    [
      'that is a Git LFS pointer',
      () => write('lfs.jpg', 'version https://git-lfs.github.com/spec/v1\n'),
      'a Git LFS pointer',
    ],
    ['that is a page', () => write('page.jpg', '<!doctype html><html>'), 'XML or HTML'],
    ['that is a device', () => '/dev/zero', 'it is a device'],
    ['that has no end', () => '/proc/self/mem', 'Cannot read'],
    ['that is a folder', () => folder, 'it is a folder'],
  ])('one %s', async (_, make, words) => {
    const before = process.memoryUsage().rss;
    const path = make();
    await expect(readInput(path)).rejects.toMatchObject(refusal(words));
    await expect(readInput(path)).rejects.toMatchObject(refusal(path));
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 2 ** 20);
  });
});

describe('SVG is refused by content, whatever its name', () => {
  const SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>';
  const utf16 = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le');
  test.each<[string, string | Uint8Array, string]>([
    ['plain', SVG, 'SVG'],
    ['after a byte order mark', `\ufeff${SVG}`, 'SVG'],
    ['after white space', `\n\t ${SVG}`, 'SVG'],
    ['after an XML declaration', `<?xml version="1.0"?>\n<!-- drawn -->\n${SVG}`, 'SVG'],
    ['after a document type', `<!DOCTYPE svg PUBLIC "x" "y">${SVG}`, 'SVG'],
    ['with a prefix', '<s:svg xmlns:s="http://www.w3.org/2000/svg"/>', 'XML'],
    ['after a long comment', `<!--${' '.repeat(5000)}-->${SVG}`, 'XML'],
    ['in UTF-16', utf16(SVG), 'SVG'],
    ['in UTF-16, the other order', utf16(SVG).swap16(), 'SVG'],
    ['compressed', gzipSync(SVG), 'gzip'],
  ])('%s', async (name, content, words) => {
    const path = join(folder, `${name}.png`);
    writeFileSync(path, content);
    for (const input of [path, Buffer.from(content)])
      await expect(readInput(input)).rejects.toMatchObject(refusal(words));
  });
});

test.each<[string, unknown, string]>([
  ['an Error', new Error('too small'), 'too small'],
  ["another realm's", runInNewContext("new Error('too small')"), 'too small'],
  ['words', 'too small', 'too small'],
  ['an object whose message is no text', { message: 3, toString: () => 'three' }, 'three'],
  ['null', null, 'null'],
  ['nothing', undefined, 'undefined'],
])('what was thrown in words: %s', (_, thrown, words) => {
  expect(messageOf(thrown)).toBe(words);
});

describe('an image that is held for somebody else', () => {
  test('is read by them when its turn comes, as they are told to', async () => {
    const asked: ReadOptions[] = [];
    const image = HeldImage.reading('frame 7', async (options) => {
      asked.push(options);
      return bytes;
    });
    expect(image.source).toBe('frame 7');
    expect(asked).toEqual([]);
    const options = { signal: new AbortController().signal, timeoutMs: 7 };
    expect(await image.read(options)).toEqual({ encoded: bytes });
    expect(asked).toEqual([options]);
  });

  test('fails with what their reading fails with', async () => {
    const reason = new Error('unplugged');
    const image = HeldImage.reading('frame 7', () => Promise.reject(reason));
    await expect(image.read()).rejects.toBe(reason);
  });

  test('fails with what was known to be wrong with it', async () => {
    const error = new BitError('ERR_BIT_IMAGE', 'there is no such image');
    const image = HeldImage.failed(error);
    expect(image.source).toBeNull();
    await expect(image.read()).rejects.toBe(error);
    expect(HeldImage.of(image)).toBe(image);
  });
});
