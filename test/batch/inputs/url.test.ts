import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as timers from 'node:timers/promises';
import { urlImage } from '../../../lib/batch/inputs/url';
import type { ReadOptions } from '../../../lib/image/input';
import { ROOT, runNode } from '../../support/child';
import { IMAGES } from '../../support/pictures';

jest.mock('node:timers/promises', () => {
  const real = jest.requireActual<typeof timers>('node:timers/promises');
  return { ...real, setTimeout: jest.fn() };
});

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

const sleep = timers.setTimeout as unknown as jest.Mock;
const bytes = readFileSync(join(IMAGES, 'rgb.png'));
const good: Answer = (response) => void response.end(bytes);
const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (response) =>
    void response.writeHead(code, headers).end();
let answers: Answer[] = [];
let asked = 0;
let server: Server;
let url = '';

beforeAll(async () => {
  server = createServer((request, response) => {
    const answer = answers[Math.min(asked++, answers.length - 1)];
    answer?.(response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.png`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  asked = 0;
  sleep.mockReset().mockResolvedValue(undefined);
  jest.spyOn(Math, 'random').mockReturnValue(0.5);
});
afterEach(() => jest.restoreAllMocks());

const read = (retries: number, options?: ReadOptions) => urlImage(url, retries).read(options);
const waits = () => sleep.mock.calls.map(([milliseconds]) => milliseconds as number);
const refusal = (words: string) => ({
  code: 'ERR_BIT_IMAGE',
  message: expect.stringContaining(words) as string,
});

test('a URL that is well is asked for once', async () => {
  answers = [good];
  expect(await read(2)).toEqual({ encoded: bytes });
  expect(asked).toBe(1);
  expect(urlImage(url, 2).source).toBe(url);
});

test.each([408, 425, 429, 500, 502, 503, 504])('after %i it is asked for again', async (code) => {
  answers = [status(code), good];
  expect(await read(2)).toEqual({ encoded: bytes });
  expect(asked).toBe(2);
});

test.each([400, 401, 403, 404, 410, 451, 501])('after %i it is not', async (code) => {
  answers = [status(code), good];
  await expect(read(2)).rejects.toMatchObject(refusal(`the server answered ${code}`));
  expect(asked).toBe(1);
  expect(waits()).toEqual([]);
});

test('as often as was said, each time after twice as long, some of it at random', async () => {
  answers = [status(503)];
  await expect(read(3)).rejects.toMatchObject(refusal('the server answered 503'));
  expect(asked).toBe(4);
  expect(waits()).toEqual([375, 750, 1500]);
  jest.spyOn(Math, 'random').mockReturnValue(0);
  await expect(read(1)).rejects.toMatchObject(refusal('503'));
  jest.spyOn(Math, 'random').mockReturnValue(0.999);
  await expect(read(1)).rejects.toMatchObject(refusal('503'));
  expect(waits().slice(3).map(Math.round)).toEqual([500, 250]);
});

test('never again where no retries are asked for', async () => {
  answers = [status(503), good];
  await expect(read(0)).rejects.toMatchObject(refusal('the server answered 503'));
  expect(asked).toBe(1);
});

describe('as the server says', () => {
  test.each([
    ['in seconds', () => '7', 7000, 7000],
    ['at a date', () => new Date(Date.now() + 9000).toUTCString(), 7000, 9000],
    ['sooner than we would', () => '0', 375, 375],
    ['at a date that is over', () => 'Wed, 21 Oct 2015 07:28:00 GMT', 375, 375],
    ['in words that mean nothing', () => 'soon', 375, 375],
    ['later than anybody waits', () => '86400', 30_000, 30_000],
  ])('%s', async (_, retryAfter, least, most) => {
    answers = [status(429, { 'retry-after': retryAfter() }), good];
    expect(await read(1)).toEqual({ encoded: bytes });
    const [wait = NaN] = waits();
    expect(wait).toBeGreaterThanOrEqual(least);
    expect(wait).toBeLessThanOrEqual(most);
  });
});

test.each<[string, Answer, string]>([
  ['is silent', () => undefined, 'the server was silent for 0.1 s'],
  ['falls silent', (response) => void response.writeHead(200).write('x'), 'silent for 0.1 s'],
  ['hangs up', (response) => void response.destroy(), 'other side closed'],
  [
    'hangs up on the way',
    (response) => {
      response.writeHead(200, { 'content-length': 1e6 }).write(bytes, () => response.destroy());
    },
    'Cannot read',
  ],
])('a server that %s is asked again', async (_, answer, words) => {
  answers = [answer];
  await expect(read(1, { timeoutMs: 100 })).rejects.toMatchObject(refusal(words));
  expect(asked).toBe(2);
  asked = 0;
  answers = [answer, good];
  expect(await read(1, { timeoutMs: 100 })).toEqual({ encoded: bytes });
});

test('no server at all is asked again', async () => {
  const nobody = urlImage('http://127.0.0.1:9/a.png', 2).read();
  await expect(nobody).rejects.toMatchObject(refusal('Cannot read http://127.0.0.1:9/a.png'));
  // fetch knows some ports that no web server has, and asks none of them.
  expect(waits()).toHaveLength(0);
  const spare = createServer();
  await new Promise<void>((resolve) => spare.listen(0, '127.0.0.1', resolve));
  const { port } = spare.address() as AddressInfo;
  await new Promise((resolve) => spare.close(resolve));
  const refused = urlImage(`http://127.0.0.1:${port}/a.png`, 2).read();
  await expect(refused).rejects.toMatchObject(refusal('ECONNREFUSED'));
  expect(waits()).toHaveLength(2);
});

test.each<[string, Answer, string]>([
  ['no picture', (response) => void response.end('<html>'), 'XML or HTML'],
  ['nothing', (response) => void response.end(), 'no bytes'],
  [
    'what is too large',
    (response) => void response.writeHead(200, { 'content-length': 1e12 }).write('x'),
    'larger than',
  ],
])('an answer with %s is final', async (_, answer, words) => {
  answers = [answer, good];
  await expect(read(2)).rejects.toMatchObject(refusal(words));
  expect(asked).toBe(1);
});

test('redirects without end are final', async () => {
  answers = [status(302, { location: '/a.png' })];
  await expect(read(2)).rejects.toMatchObject(refusal('redirect'));
  expect(waits()).toEqual([]);
});

test('a server that drips is given up when all of it has taken too long', async () => {
  const drips: NodeJS.Timeout[] = [];
  answers = [
    (response) => {
      response.writeHead(200).write(bytes.subarray(0, 100));
      drips.push(setInterval(() => response.write('x'), 5).unref());
    },
  ];
  const begun = performance.now();
  const why = 'it took more than 0.6 s (20 times the option timeoutMs)';
  await expect(read(2, { timeoutMs: 30 })).rejects.toMatchObject(refusal(why));
  drips.forEach((drip) => clearInterval(drip));
  expect(performance.now() - begun).toBeGreaterThan(590);
  expect(asked).toBe(1);
});

test('the signal ends it, while a server is asked and while it is left alone', async () => {
  const reason = new Error('enough');
  const controller = new AbortController();
  answers = [() => controller.abort(reason)];
  await expect(read(2, { signal: controller.signal })).rejects.toBe(reason);
  const { setTimeout: realSleep } = jest.requireActual<typeof timers>('node:timers/promises');
  sleep.mockImplementation(realSleep);
  answers = [status(503, { 'retry-after': '20' })];
  const later = new AbortController();
  setTimeout(() => later.abort(reason), 50);
  const begun = performance.now();
  await expect(read(2, { signal: later.signal })).rejects.toBe(reason);
  expect(performance.now() - begun).toBeLessThan(5000);
});

test('what was ended keeps no process', async () => {
  const script = `
    const { createServer } = require('node:http');
    const { urlImage } = require('${ROOT}/dist/batch/inputs/url');
    const server = createServer((_, response) => response.writeHead(503, { 'retry-after': 25 }).end());
    server.listen(0, '127.0.0.1', async () => {
      const controller = new AbortController();
      const url = 'http://127.0.0.1:' + server.address().port + '/a.png';
      setTimeout(() => controller.abort(new Error('enough')), 200);
      await urlImage(url, 2).read({ signal: controller.signal }).catch((error) => console.log(error.message));
      server.close();
      server.closeAllConnections();
    });`;
  const begun = performance.now();
  expect(await runNode(['-e', script])).toEqual({ code: 0, stdout: 'enough\n', stderr: '' });
  expect(performance.now() - begun).toBeLessThan(15_000);
});

test('nothing is left at a signal that many share', async () => {
  const { signal } = new AbortController();
  const added = jest.spyOn(signal, 'addEventListener');
  const removed = jest.spyOn(signal, 'removeEventListener');
  const any = jest.spyOn(AbortSignal, 'any');
  for (const answer of [good, status(404), status(503)]) {
    answers = [answer];
    await read(1, { signal }).catch(() => undefined);
  }
  expect(added.mock.calls.length).toBeGreaterThan(0);
  expect(removed.mock.calls.map(([, listener]) => listener)).toEqual(
    added.mock.calls.map(([, listener]) => listener),
  );
  expect(any).not.toHaveBeenCalled();
});

test('no timer is left behind, whatever came of it', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  for (const answer of [good, status(404), status(503)]) {
    answers = [answer];
    const { signal } = new AbortController();
    await read(1, { timeoutMs: 123_456, signal }).catch(() => undefined);
  }
  await new Promise((resolve) => setImmediate(resolve));
  // Connections that are kept for the next request have a timer among them.
  expect(timers() - before).toBeLessThanOrEqual(1);
});
