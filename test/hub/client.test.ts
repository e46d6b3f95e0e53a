// What the hub, and mirrors that know less, say of files: by paths-info, and by HEAD where they have none.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
jest.mock('node:timers/promises', () => {
  const actual = jest.requireActual<object>('node:timers/promises');
  return { ...actual, setTimeout: jest.fn(async () => undefined) };
});
import { setTimeout as sleep } from 'node:timers/promises';
import type { PretrainedOptions } from '../../lib';
import { HubClient } from '../../lib/hub/client';
import { temporaryFolder } from '../support/temporary';

const COMMIT = 'c0ffee'.padEnd(40, '0');
const RESOLVE = `/owner/bit/resolve/${COMMIT}`;
const SHA1 = '01'.repeat(20);
const SHA256 = 'ab'.repeat(32);
const folder = temporaryFolder();
const before = { ...process.env };

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
let server: Server;
let log: string[];
let seen: IncomingMessage[];
/** By path; the rest is 404, so that this is a mirror without paths-info. */
let answers: Record<string, Answer>;

beforeEach(async () => {
  [log, seen, answers] = [[], [], {}];
  (sleep as unknown as jest.Mock).mockClear();
  server = createServer((request, response) => {
    const path = decodeURI(request.url ?? '');
    log.push(`${request.method} ${path}`);
    seen.push(request);
    const answer = answers[path] ?? ((_, refused) => void refused.writeHead(404).end());
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  for (const name of Object.keys(process.env))
    if (/^(HF|HUGGING)_/.test(name)) delete process.env[name];
  process.env['HF_HOME'] = folder;
  process.env['HF_ENDPOINT'] = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

afterEach(async () => {
  process.env = { ...before };
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const clientOf = (options: PretrainedOptions = {}) => new HubClient('owner/bit', options);
const filesOf = (...names: string[]) => clientOf().files(COMMIT, names);
const headers =
  (given: Record<string, string | number>, status = 200): Answer =>
  (_, response) =>
    void response.writeHead(status, given).end();
const heads = () => log.filter((line) => line.startsWith('HEAD'));

/** What is told of the one file of a mirror that answers HEAD so. */
async function told(given: Record<string, string | number>, status?: number) {
  answers[`${RESOLVE}/a.bin`] = headers(given, status);
  return (await filesOf('a.bin'))[0];
}

describe('of the answer to HEAD', () => {
  test('ETag and length are what is known', async () => {
    expect(await told({ etag: `"${SHA1}"`, 'content-length': 12 })).toEqual({
      name: 'a.bin',
      size: 12,
      hash: SHA1,
    });
    expect(seen.at(-1)?.headers['accept-encoding']).toBe('identity');
  });

  test("what the hub says of a large file counts before its host's", async () => {
    const own = { etag: `"${SHA1}"`, 'content-length': 12, location: '/elsewhere' };
    const linked = { 'x-linked-etag': `"${SHA256}"`, 'x-linked-size': 70_000 };
    const expected = { name: 'a.bin', size: 70_000, hash: SHA256 };
    expect(await told({ ...own, ...linked }, 302)).toEqual(expected);
    expect(heads()).toEqual([`HEAD ${RESOLVE}/a.bin`]);
  });

  test('a size that nobody tells is null, and one of nothing 0', async () => {
    const chunked = { etag: '"abc"', 'transfer-encoding': 'chunked' };
    expect(await told(chunked)).toEqual({ name: 'a.bin', size: null, hash: 'abc' });
    const empty = { etag: '"abc"', 'content-length': 0 };
    expect(await told(empty)).toEqual({ name: 'a.bin', size: 0, hash: 'abc' });
    const linked = { ...chunked, 'x-linked-size': 5 };
    expect(await told(linked)).toEqual({ name: 'a.bin', size: 5, hash: 'abc' });
  });

  test.each([
    ['weak', 'W/"abc-1"', 'abc-1'],
    ['bare', 'abc_1.x', 'abc_1.x'],
    ['as long as may be', `"${'a'.repeat(128)}"`, 'a'.repeat(128)],
  ])('a %s ETag names the blob', async (_, etag, hash) => {
    expect(await told({ etag })).toMatchObject({ hash });
  });

  test.each(['""', '"aW/b"', '"a/b"', '".."', '".a"', '"a b"', `"${'a'.repeat(129)}"`])(
    'the ETag %s names none',
    async (etag) => {
      await expect(told({ etag })).rejects.toThrow(/^the hub gave no hash for a\.bin$/);
    },
  );

  test('nor does an answer without one', async () => {
    await expect(told({})).rejects.toThrow('the hub gave no hash for a.bin');
  });

  test('a file that is not there is left out, and the others are told in order', async () => {
    answers[`${RESOLVE}/a.bin`] = headers({ etag: '"a"', 'content-length': 1 });
    answers[`${RESOLVE}/deep/b c.bin`] = headers({ etag: '"b"', 'content-length': 2 });
    expect(await filesOf('a.bin', 'none.bin', 'deep/b c.bin')).toEqual([
      { name: 'a.bin', size: 1, hash: 'a' },
      { name: 'deep/b c.bin', size: 2, hash: 'b' },
    ]);
  });

  test.each([
    [400, 1],
    [401, 1],
    [403, 1],
    [410, 1],
    [408, 3],
    [429, 3],
    [500, 3],
    [503, 3],
  ])('%i is a refusal, after %i attempts', async (status, attempts) => {
    await expect(told({ etag: '"abc"' }, status)).rejects.toMatchObject({ status });
    expect(heads()).toHaveLength(attempts);
    const pauses = (sleep as unknown as jest.Mock).mock.calls.map(([pause]) => pause as number);
    expect(pauses).toEqual([500, 1000].slice(0, attempts - 1));
  });

  test('a server that stumbles once is asked again', async () => {
    answers[`${RESOLVE}/a.bin`] = (_, response) => {
      const isFirst = heads().length === 1;
      response.writeHead(isFirst ? 503 : 200, { etag: '"abc"', 'content-length': 3 }).end();
    };
    expect(await filesOf('a.bin')).toEqual([{ name: 'a.bin', size: 3, hash: 'abc' }]);
  });
});

describe('a redirect that says nothing of the file', () => {
  /** A chain of so many, to where the file is. */
  function redirects(count: number): void {
    answers[`${RESOLVE}/a.bin`] = headers({ location: '/moved/1' }, 307);
    for (let i = 1; i < count; i++)
      answers[`/moved/${i}`] = headers({ location: `./${i + 1}` }, 302);
    answers[`/moved/${count}`] = headers({ etag: '"abc"', 'content-length': 3 });
  }

  test.each([1, 2, 5])('is followed %i times', async (count) => {
    redirects(count);
    expect(await filesOf('a.bin')).toEqual([{ name: 'a.bin', size: 3, hash: 'abc' }]);
    const moved = Array.from({ length: count }, (_, i) => `HEAD /moved/${i + 1}`);
    expect(heads()).toEqual([`HEAD ${RESOLVE}/a.bin`, ...moved]);
  });

  test('but not more often', async () => {
    redirects(6);
    await expect(filesOf('a.bin')).rejects.toThrow(/^a\.bin is redirected too often$/);
    expect(heads()).toHaveLength(6);
  });

  test('may lead to nothing', async () => {
    answers[`${RESOLVE}/a.bin`] = headers({ location: '/nowhere' }, 302);
    expect(await filesOf('a.bin')).toEqual([]);
  });
});

describe('of paths-info', () => {
  const PATHS_INFO = `/api/models/owner/bit/paths-info/${COMMIT}`;
  const json =
    (value: unknown): Answer =>
    (_, response) =>
      void response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
  const plain = { type: 'file', path: 'a.bin', size: 5, oid: SHA1 };

  test.each([
    ["a small file has git's hash", plain, { size: 5, hash: SHA1 }],
    [
      'a large one has that of its content',
      { ...plain, lfs: { oid: SHA256, size: 7 } },
      { size: 7, hash: SHA256 },
    ],
    ['one in chunks has that of these', { ...plain, xetHash: SHA256 }, { size: 5, hash: SHA256 }],
  ])('%s', async (_, row, expected) => {
    answers[PATHS_INFO] = json([row]);
    expect(await filesOf('a.bin')).toEqual([{ name: 'a.bin', ...expected }]);
  });

  test('folders, and what was not asked for, are left out', async () => {
    const others = [
      { ...plain, path: 'b.bin' },
      { ...plain, type: 'directory', path: 'c' },
    ];
    answers[PATHS_INFO] = json([...others, plain]);
    expect(await filesOf('a.bin', 'c')).toEqual([{ name: 'a.bin', size: 5, hash: SHA1 }]);
  });

  test.each(['', '../../evil', SHA1.slice(1), `${SHA1}0`, SHA1.replace('0', 'G')])(
    'a hash of %p is refused',
    async (oid) => {
      answers[PATHS_INFO] = json([{ ...plain, oid }]);
      await expect(filesOf('a.bin')).rejects.toThrow('the hub gave no hash for a.bin');
    },
  );
});

describe('a download', () => {
  const BODY = 'the whole file';
  const git = createHash('sha1').update(`blob ${BODY.length}\0${BODY}`).digest('hex');
  const path = join(folder, 'a.part');
  const download = (file: { size: number | null; hash: string }, options?: PretrainedOptions) => {
    answers[`${RESOLVE}/a.bin`] = (_, response) => void response.end(BODY);
    return clientOf(options).download(COMMIT, { name: 'a.bin', ...file }, path);
  };

  test.each([
    ["git's hash", BODY.length, git],
    ['SHA-256', BODY.length, createHash('sha256').update(BODY).digest('hex')],
    ['an ETag, which may be anything', BODY.length, 'abc'],
    ['no size', null, git],
  ])('is whole by %s', async (_, size, hash) => {
    await download({ size, hash });
    expect(readFileSync(path, 'utf8')).toBe(BODY);
  });

  test.each([
    [BODY.length - 1, git, `it has ${BODY.length} bytes instead of ${BODY.length - 1}`],
    [BODY.length, SHA1, 'its hash is another'],
    [null, SHA256, 'its hash is another'],
  ])('of %p bytes with the hash %s is not', async (size, hash, problem) => {
    await expect(download({ size, hash })).rejects.toThrow(`a.bin arrived damaged: ${problem}`);
    expect(existsSync(path)).toBe(false);
  });

  test('tells how far it is, also where nobody knows of how much', async () => {
    const told: object[] = [];
    const options = { onProgress: (progress: object) => told.push(progress) };
    await download({ size: 20, hash: 'abc' }, options).catch(() => undefined);
    expect(told.at(-1)).toEqual({ file: 'a.bin', loaded: BODY.length, total: 20 });
    await download({ size: null, hash: 'abc' }, options);
    expect(told.at(-1)).toEqual({ file: 'a.bin', loaded: BODY.length, total: BODY.length });
  });
});

test('the token goes with every request, where there is one', async () => {
  const ask = async (options: PretrainedOptions) => {
    seen.length = 0;
    await clientOf(options).files(COMMIT, ['a.bin']);
    return seen.map((request) => request.headers.authorization);
  };
  expect(await ask({ token: 'hf_a' })).toEqual(['Bearer hf_a', 'Bearer hf_a']);
  expect(await ask({})).toEqual([undefined, undefined]);
  expect([clientOf({ token: 'hf_a' }).hasToken, clientOf().hasToken]).toEqual([true, false]);
});

test('a signal ends the wait for an answer', async () => {
  const controller = new AbortController();
  answers[`${RESOLVE}/a.bin`] = () => controller.abort(new Error('enough'));
  const options = { signal: controller.signal };
  await expect(clientOf(options).files(COMMIT, ['a.bin'])).rejects.toThrow('enough');
});

test('a signal ends the pause before another attempt', async () => {
  const LONG_MS = 10_000;
  const { setTimeout: pause } =
    jest.requireActual<typeof import('node:timers/promises')>('node:timers/promises');
  const controller = new AbortController();
  const paused = (_: number, value: undefined, options: { signal?: AbortSignal }) => {
    setTimeout(() => controller.abort(new Error('enough')), 20);
    return pause(LONG_MS, value, options);
  };
  (sleep as unknown as jest.Mock).mockImplementationOnce(paused);
  answers[`${RESOLVE}/a.bin`] = headers({}, 503);
  const begun = Date.now();
  const asked = clientOf({ signal: controller.signal }).files(COMMIT, ['a.bin']);
  await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
  expect(Date.now() - begun).toBeLessThan(LONG_MS / 2);
  expect(heads()).toHaveLength(1);
});
