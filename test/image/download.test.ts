// Downloads of images as far as their requests, limits, errors and timers go; which pictures come is in
// input.test.ts.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BitError } from '../../lib';
import { download, type DownloadFailure } from '../../lib/image/download';
import { IMAGES } from '../support/pictures';

/** Unlike any other timer's. */
const TIMEOUT_MS = 12_345;
const MAX_BYTES = 256 * 2 ** 20;
const URL_TEXT = 'http://host/a.png';
const picture = readFileSync(join(IMAGES, 'rgb.png'));

afterEach(() => jest.restoreAllMocks());

/** What the download rejects with. */
const failure = (text: string, signal?: AbortSignal) =>
  download(text, TIMEOUT_MS, signal).then(
    () => Promise.reject(new Error('it was read')),
    (error: BitError) => error,
  );

const answerWith = (response: Response) =>
  jest.spyOn(globalThis, 'fetch').mockImplementation(async () => response);

/** Delays of the timers that were set with ours as their delay, and that nothing has cleared. */
function timersLeft(): () => unknown[] {
  const set = jest.spyOn(globalThis, 'setTimeout');
  const clear = jest.spyOn(globalThis, 'clearTimeout');
  return () => {
    const ours = set.mock.results.filter((_, i) => set.mock.calls[i]?.[1] === TIMEOUT_MS);
    expect(ours.length).toBeGreaterThan(0);
    const cleared = clear.mock.calls.map(([timer]) => timer);
    return ours.filter(({ value }) => !cleared.includes(value as NodeJS.Timeout));
  };
}

test('no timer is left, whether it is read or not', async () => {
  const left = timersLeft();
  answerWith(new Response(picture));
  expect(Buffer.from(await download(URL_TEXT, TIMEOUT_MS)).equals(picture)).toBe(true);
  expect(left()).toEqual([]);
  answerWith(new Response('', { status: 404 }));
  await failure(URL_TEXT);
  expect(left()).toEqual([]);
});

describe('an error', () => {
  let server: Server;
  let url: string;
  beforeAll(async () => {
    server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.png`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  test('has what fetch failed of as its cause', async () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    jest.spyOn(globalThis, 'fetch').mockRejectedValue(new TypeError('fetch failed', { cause }));
    const error = await failure(URL_TEXT);
    expect(error).toMatchObject({
      name: 'BitError',
      code: 'ERR_BIT_IMAGE',
      message: `Cannot read ${URL_TEXT}: connect ECONNREFUSED`,
    });
    expect(error.cause).toBe(cause);
  });

  test.each([
    ['no cause', undefined],
    ['one without words', new Error('')],
    ['one that is no error', 'words'],
  ])('of fetch that has %s is told itself', async (_, cause) => {
    const thrown = new TypeError('fetch failed', { cause });
    jest.spyOn(globalThis, 'fetch').mockRejectedValue(thrown);
    const error = await failure(URL_TEXT);
    expect(error.message).toBe(`Cannot read ${URL_TEXT}: fetch failed`);
    expect(error.cause).toBe(thrown);
  });

  test('of silence has that as its cause', async () => {
    const error = await download(url, 20).catch((reason: BitError) => reason);
    const message = 'the server was silent for 0.02 s (the option timeoutMs)';
    expect(error).toMatchObject({ message: `Cannot read ${url}: ${message}`, cause: { message } });
  });

  test('of the server has its answer as its cause', async () => {
    answerWith(new Response('', { status: 404 }));
    const error = await failure(URL_TEXT);
    const message = 'the server answered 404';
    expect(error).toMatchObject({
      message: `Cannot read ${URL_TEXT}: ${message}`,
      cause: { message },
    });
  });

  test('about the picture has none', async () => {
    answerWith(new Response('<html>'));
    const error = await failure(URL_TEXT);
    expect(error.message).toContain('XML or HTML');
    expect(error).not.toHaveProperty('cause');
  });

  test('shows 300 characters of the URL, and no secrets', async () => {
    answerWith(new Response('', { status: 404 }));
    const text = `http://host/?token=abc&b=${'b'.repeat(300)}`;
    const { message } = await failure(text);
    const shown = `http://host/?token=…&b=${'b'.repeat(300)}`.slice(0, 297);
    expect(message).toBe(`Cannot read ${shown}...: the server answered 404`);
  });

  test.each(['http://', 'https://a b/', 'http://host:99999/'])('%s is no URL', async (text) => {
    expect((await failure(text)).message).toBe(`Cannot read ${text}: it is not a valid URL`);
  });
});

describe('user and password', () => {
  test.each([
    ['http://me:pa%3Ass@host/a', 'me:pa:ss'],
    ['http://me@host/a', 'me:'],
    ['http://:pass@host/a', ':pass'],
  ])('of %s are sent as basic authorisation', async (text, user) => {
    const asked = answerWith(new Response(picture));
    await download(text, TIMEOUT_MS);
    const [url, init] = asked.mock.calls[0] as [URL, RequestInit];
    expect(url.href).toBe('http://host/a');
    const authorization = `Basic ${Buffer.from(user).toString('base64')}`;
    expect(init.headers).toEqual({ authorization });
  });

  test('are not sent where there are none', async () => {
    const asked = answerWith(new Response(picture));
    await download(URL_TEXT, TIMEOUT_MS);
    expect(asked.mock.calls[0]?.[1]?.headers).toEqual({});
  });
});

describe('more than 256 MiB', () => {
  const large = `it is larger than ${MAX_BYTES} bytes`;
  const told = (length: number, body: BodyInit = new Uint8Array(picture)) =>
    answerWith(new Response(body, { headers: { 'content-length': String(length) } }));

  test('is refused where that is told, and the connection let go', async () => {
    const cancel = jest.fn();
    const body = new ReadableStream({ cancel });
    told(MAX_BYTES + 1, body);
    expect((await failure(URL_TEXT)).message).toBe(`Cannot read ${URL_TEXT}: ${large}`);
    expect(cancel).toHaveBeenCalledTimes(1);
  });

  test('is refused as soon as more has come', async () => {
    let pulled = 0;
    const chunk = new Uint8Array(2 ** 26);
    chunk.set(picture);
    // Nothing is asked for before it is wanted.
    const pull = (controller: ReadableStreamDefaultController) => {
      pulled++;
      controller.enqueue(pulled < 5 ? chunk : new Uint8Array(1));
    };
    answerWith(new Response(new ReadableStream({ pull }, { highWaterMark: 0 })));
    expect((await failure(URL_TEXT)).message).toBe(`Cannot read ${URL_TEXT}: ${large}`);
    expect(pulled).toBe(5);
  });

  test('is one byte more: so many may be told', async () => {
    told(MAX_BYTES);
    expect(await download(URL_TEXT, TIMEOUT_MS)).toHaveLength(picture.length);
  });
});

test('a signal that has aborted is told, whatever failed', async () => {
  const reason = new Error('enough');
  jest.spyOn(globalThis, 'fetch').mockRejectedValue(new TypeError('fetch failed'));
  expect(await failure(URL_TEXT, AbortSignal.abort(reason))).toBe(reason);
  expect((await failure(URL_TEXT, new AbortController().signal)).code).toBe('ERR_BIT_IMAGE');
});

describe('a failure says whether it may pass', () => {
  const failureOf = async (response: Response | Error) => {
    const spy = jest.spyOn(globalThis, 'fetch');
    if (response instanceof Error) spy.mockRejectedValue(response);
    else spy.mockResolvedValue(response);
    const { cause } = await failure(URL_TEXT);
    return (cause as { failure?: DownloadFailure } | undefined)?.failure;
  };
  const coded = (code: string) =>
    Object.assign(new TypeError('fetch failed'), {
      cause: Object.assign(new Error('why'), { code }),
    });

  test.each([
    [404, undefined, { passes: false, retryAfterMs: 0 }],
    [503, undefined, { passes: true, retryAfterMs: 0 }],
    [503, '3', { passes: true, retryAfterMs: 3000 }],
    [429, '0', { passes: true, retryAfterMs: 0 }],
    [429, '-5', { passes: true, retryAfterMs: 0 }],
    [429, '1e9', { passes: true, retryAfterMs: 0 }],
    [404, '3', { passes: false, retryAfterMs: 3000 }],
  ])('answer %i with Retry-After %s', async (status, after, expected) => {
    const headers: Record<string, string> = after === undefined ? {} : { 'retry-after': after };
    expect(await failureOf(new Response('', { status, headers }))).toEqual(expected);
  });

  test('at a date', async () => {
    jest.spyOn(Date, 'now').mockReturnValue(Date.UTC(2030, 0, 1));
    const headers = { 'retry-after': 'Tue, 01 Jan 2030 00:01:00 GMT' };
    const expected = { passes: true, retryAfterMs: 60_000 };
    expect(await failureOf(new Response('', { status: 503, headers }))).toEqual(expected);
  });

  test.each(['ECONNRESET', 'ENOTFOUND', 'ETIMEDOUT', 'UND_ERR_SOCKET'])(
    '%s passes',
    async (code) => {
      expect(await failureOf(coded(code))).toEqual({ passes: true, retryAfterMs: 0 });
    },
  );

  test.each(['CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'ERR_TLS_CERT_ALTNAME_INVALID'])(
    '%s does not',
    async (code) => expect(await failureOf(coded(code))).toBeUndefined(),
  );

  test('what has no code, and what is wrong with an answer, does not', async () => {
    expect(await failureOf(new TypeError('redirect count exceeded'))).toBeUndefined();
    expect(await failureOf(new Response('<html>'))).toBeUndefined();
  });
});
