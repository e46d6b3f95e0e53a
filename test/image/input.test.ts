import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import sharp from 'sharp';
import { readInput, type RawPixels } from '../../lib/image/input';
import { IMAGES } from '../support/pictures';
import { temporaryFolder } from '../support/temporary';

const folder = temporaryFolder();
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
    const foreign = runInNewContext('Uint8Array.of(1, 2, 3)') as Uint8Array;
    expect(await readInput(foreign)).toEqual({ encoded: foreign });
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
    expect(await readInput(image)).toEqual({ sharp: image });
  });

  test('a data: URL whose data is empty', async () => {
    await expect(readInput('data:image/png;base64,')).rejects.toMatchObject(refusal('no bytes'));
  });

  test.each([3, null, undefined, [], {}, () => 1, Symbol('x')])(
    'nothing usable: %p',
    async (value) => {
      await expect(readInput(value as never)).rejects.toMatchObject(refusal('Expected a path'));
    },
  );
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
    ['/huge.png', 'larger than'],
    ['/short.png', 'Cannot read'],
  ])('but not %s', async (path, words) => {
    await expect(readInput(base + path)).rejects.toMatchObject(refusal(words));
  });

  test('until the signal aborts, with its reason', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const pending = readInput(`${base}/slow.png`, controller.signal);
    setTimeout(() => controller.abort(reason), 20);
    await expect(pending).rejects.toBe(reason);
  });
});
