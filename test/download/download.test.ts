import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type RequestListener, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
jest.mock('node:timers/promises', () => ({ setTimeout: jest.fn(async () => undefined) }));
import { setTimeout as sleep } from 'node:timers/promises';
import { download, HttpError, rootCause, sha256 } from '../../lib/download/download';
import { temporaryFolder } from '../support/temporary';

const folder = temporaryFolder();
const part = join(folder, 'file.part');
const BODY = 'the whole file, from its first byte';

const pauses = () => (sleep as unknown as jest.Mock).mock.calls.map(([pause]) => pause as number);
beforeEach(() => (sleep as unknown as jest.Mock).mockClear());
afterEach(() => jest.restoreAllMocks());

/** Downloads from a server that answers so, over what lies there already. */
async function downloadOver(start: string, answer: RequestListener, options = {}) {
  const ranges: string[] = [];
  const server = createServer((request, response) => {
    ranges.push(request.headers.range ?? '');
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  if (start === '') rmSync(part, { force: true });
  else writeFileSync(part, start);
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`;
    await download(url, part, options);
  } finally {
    server.closeAllConnections();
    server.close();
  }
  return { ranges, text: readFileSync(part, 'utf8') };
}

test('a server that answers a range with the whole file: what lies there is that file alone', async () => {
  const seen: [number, number | null][] = [];
  const onProgress = (loaded: number, total: number | null) => seen.push([loaded, total]);
  const whole: RequestListener = (_, response) =>
    response.writeHead(200, { 'content-length': BODY.length }).end(BODY);
  const { ranges, text } = await downloadOver(BODY.slice(0, 9), whole, { onProgress });
  expect(ranges).toEqual(['bytes=9-']);
  expect(text).toBe(BODY);
  expect(seen[0]).toEqual([0, BODY.length]);
  expect(seen.at(-1)).toEqual([BODY.length, BODY.length]);
});

/** The rest of the file from where it is asked for; `length` where it tells how much that is. */
const rest: RequestListener = ({ headers }, response) => {
  const start = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
  const range = { 'content-range': `bytes ${start}-${BODY.length - 1}/${BODY.length}` };
  const length = { 'content-length': BODY.length - start };
  response.writeHead(start > 0 ? 206 : 200, { ...length, ...(start > 0 && range) });
  response.end(BODY.slice(start));
};

test('nobody need listen', async () => {
  expect(await downloadOver('', rest)).toEqual({ ranges: [''], text: BODY });
  expect(await downloadOver(BODY.slice(0, 9), rest)).toEqual({ ranges: ['bytes=9-'], text: BODY });
});

test('what is told goes on from what was there', async () => {
  const seen: [number, number | null][] = [];
  const onProgress = (loaded: number, total: number | null) => seen.push([loaded, total]);
  await downloadOver(BODY.slice(0, 9), rest, { onProgress });
  expect(seen[0]).toEqual([9, BODY.length]);
  expect(seen.at(-1)).toEqual([BODY.length, BODY.length]);
});

test('a server that does not tell how much there is', async () => {
  const seen: [number, number | null][] = [];
  const onProgress = (loaded: number, total: number | null) => seen.push([loaded, total]);
  const chunked: RequestListener = (_, response) => {
    response.setHeader('transfer-encoding', 'chunked').end(BODY);
  };
  const { text } = await downloadOver('', chunked, { onProgress });
  expect(text).toBe(BODY);
  expect(seen[0]).toEqual([0, null]);
  expect(seen.at(-1)).toEqual([BODY.length, null]);
  expect(pauses()).toEqual([]);
});

describe('an answer that ends early without a word', () => {
  /** Answers of so many bytes each, which tell of all that are left. */
  function dripping(bytes: number) {
    return jest.spyOn(globalThis, 'fetch').mockImplementation(async (_, init) => {
      const { range } = init?.headers as Record<string, string>;
      const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
      const told = { 'content-range': `bytes ${start}-${BODY.length - 1}/${BODY.length}` };
      return new Response(BODY.slice(start, start + bytes), {
        status: start > 0 ? 206 : 200,
        headers: { 'content-length': String(BODY.length - start), ...(start > 0 && told) },
      });
    });
  }
  beforeEach(() => rmSync(part, { force: true }));

  test('is continued', async () => {
    const asked = dripping(20);
    await download('http://host/file', part, { headers: { 'x-mine': '1' } });
    expect(readFileSync(part, 'utf8')).toBe(BODY);
    // Not compressed: lengths and ranges would count other bytes.
    const sent = { 'x-mine': '1', 'accept-encoding': 'identity' };
    expect(asked.mock.calls.map(([url, init]) => [url, init?.headers])).toEqual([
      ['http://host/file', sent],
      ['http://host/file', { ...sent, range: 'bytes=20-' }],
    ]);
  });

  test('is no reason to give up, nor to wait, as long as each brings something', async () => {
    const asked = dripping(4);
    await download('http://host/file', part);
    expect(readFileSync(part, 'utf8')).toBe(BODY);
    const times = Math.ceil(BODY.length / 4);
    expect(asked).toHaveBeenCalledTimes(times);
    expect(pauses()).toEqual(new Array(times - 1).fill(0));
  });

  test('and brings nothing is told, after five times', async () => {
    const asked = dripping(0);
    await expect(download('http://host/file', part)).rejects.toThrow(
      `the connection ended after 0 of ${BODY.length} bytes`,
    );
    expect(asked).toHaveBeenCalledTimes(5);
  });
});

describe('a range that was not asked for', () => {
  test.each([
    ['of other bytes', 'bytes 8-34/35'],
    ['of another unit', 'kilobytes 9-34/35'],
    ['of no unit', '9-34/35'],
    ['that is not told', undefined],
  ])('%s is not taken, five times', async (_, range) => {
    const other: RequestListener = (__, response) => {
      response.writeHead(206, range === undefined ? {} : { 'content-range': range });
      response.end(BODY.slice(9));
    };
    const attempt = downloadOver(BODY.slice(0, 9), other);
    await expect(attempt).rejects.toThrow('the server sent another range than asked for');
    expect(readFileSync(part, 'utf8')).toBe(BODY.slice(0, 9));
    expect(pauses()).toEqual([500, 1000, 1500, 2000]);
  });
});

describe('nothing beyond what is there (416)', () => {
  const beyond =
    (total: string | undefined): RequestListener =>
    ({ headers }, response) => {
      if (headers.range === undefined) return void response.end(BODY);
      response.writeHead(416, total === undefined ? {} : { 'content-range': total }).end();
    };

  test('is fine where that is all of it', async () => {
    const { ranges, text } = await downloadOver(BODY, beyond(`bytes */${BODY.length}`));
    expect([ranges, text]).toEqual([[`bytes=${BODY.length}-`], BODY]);
  });

  test.each(['bytes */20', 'bytes */*', undefined])('and else begins anew: %p', async (total) => {
    const { ranges, text } = await downloadOver(`${BODY} and more`, beyond(total));
    expect([ranges, text]).toEqual([[`bytes=${BODY.length + 9}-`, ''], BODY]);
  });
});

describe('an answer of', () => {
  test.each([
    [400, 1],
    [401, 1],
    [404, 1],
    [410, 1],
    [408, 5],
    [429, 5],
    [500, 5],
    [503, 5],
  ])('%i is tried %i times', async (status, attempts) => {
    let count = 0;
    const refusing: RequestListener = (_, response) => {
      count++;
      response.writeHead(status, { 'x-error-message': 'not now' }).end('words');
    };
    const attempt = downloadOver('', refusing);
    await expect(attempt).rejects.toBeInstanceOf(HttpError);
    await expect(attempt).rejects.toMatchObject({
      status,
      message: `the server answered ${status} (not now)`,
    });
    expect(count).toBe(attempts);
    expect(existsSync(part)).toBe(false);
  });
});

describe('a failure of', () => {
  const withCode = (code: string) =>
    new TypeError('fetch failed', { cause: Object.assign(new Error('no'), { code }) });

  test.each([
    ['ENOTFOUND', 1],
    ['EAI_AGAIN', 1],
    ['ECONNREFUSED', 1],
    ['ENETUNREACH', 1],
    ['EHOSTUNREACH', 1],
    ['ENOSPC', 1],
    ['EACCES', 1],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 1],
    ['ERR_TLS_HANDSHAKE_TIMEOUT', 1],
    ['CERT_HAS_EXPIRED', 1],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 1],
    ['ECONNRESET', 5],
    ['UND_ERR_SOCKET', 5],
    ['', 5],
  ])('%p is tried %i times', async (code, attempts) => {
    const asked = jest.spyOn(globalThis, 'fetch').mockRejectedValue(withCode(code));
    await expect(download('http://host/file', part)).rejects.toThrow('fetch failed');
    expect(asked).toHaveBeenCalledTimes(attempts);
  });
});

test('an aborted signal ends it, with its reason, and it is not tried again', async () => {
  const controller = new AbortController();
  let count = 0;
  const silent: RequestListener = () => {
    count++;
    controller.abort(new Error('enough'));
  };
  const attempt = downloadOver('', silent, { signal: controller.signal });
  await expect(attempt).rejects.toThrow('enough');
  expect(count).toBe(1);
});

test('no timer is left when all is there', async () => {
  const set = jest.spyOn(globalThis, 'setTimeout');
  const clear = jest.spyOn(globalThis, 'clearTimeout');
  await downloadOver('', rest);
  const timers = set.mock.results.filter((_, i) => set.mock.calls[i]?.[1] === 30_000);
  expect(timers).toHaveLength(1);
  expect(clear).toHaveBeenCalledWith(timers[0]?.value);
});

test('the innermost cause is what is wrong, of several the first', () => {
  const inner = new Error('inner');
  expect(rootCause(inner)).toBe(inner);
  expect(rootCause(new Error('a', { cause: new Error('b', { cause: inner }) }))).toBe(inner);
  expect(rootCause(new AggregateError([inner, new Error('other')], 'all'))).toBe(inner);
  expect(rootCause(new Error('a', { cause: new AggregateError([inner]) }))).toBe(inner);
  const plain = new Error('a', { cause: 'words' });
  expect(rootCause(plain)).toBe(plain);
  expect(rootCause('words')).toEqual(new Error('words'));
});

test('SHA-256 of a file', async () => {
  writeFileSync(part, 'abc');
  // FIPS 180-2, appendix B.1.
  const expected = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  expect(await sha256(part)).toBe(expected);
  const reason = new Error('enough');
  await expect(sha256(part, AbortSignal.abort(reason))).rejects.toMatchObject({
    name: 'AbortError',
  });
});
