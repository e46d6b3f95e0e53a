// examples/http-service under load, among clients that are slow, go away or send too much, and when it is told to stop.
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import sharp from 'sharp';
import { pipeline, type Classification } from '../../lib';
import { ROOT } from '../support/child';
import { temporaryFolder } from '../support/temporary';
import { copyExample, EXAMPLES } from './copied';
import { formOf, pause, Service, type Answer } from './service';

jest.setTimeout(240_000);

/** It has no types of its own. */
type Autocannon = (options: object) => Promise<Record<string, number>>;

const autocannon = jest.requireActual<Autocannon>('autocannon');

const temporary = temporaryFolder();
const folder = copyExample('http-service', temporary);

/** The packaged model on pictures so large that a queue forms. */
const slowModel = join(temporary, 'slow-model');
const SLOW_SIDE = 512;
cpSync(join(ROOT, 'models', 'bit-mini-scenes'), slowModel, { recursive: true });
const settings = join(slowModel, 'preprocessor_config.json');
const processor = JSON.parse(readFileSync(settings, 'utf8')) as object;
const square = { height: SLOW_SIDE, width: SLOW_SIDE };
writeFileSync(settings, JSON.stringify({ ...processor, size: square, crop_size: square }));

const pictures = ['boat.jpg', 'cat.jpg', 'coffee.jpg'].map((name) =>
  readFileSync(join(EXAMPLES, 'pictures', name)),
);
const [boat] = pictures as [Buffer];
const pictureOf = (i: number) => pictures[i % pictures.length] as Buffer;
let expected: Classification[][];
beforeAll(async () => {
  await using classify = await pipeline('image-classification', slowModel);
  expected = await classify(pictures);
});

/** Whether an answer is the right one to the i-th picture; refusals as they must be are false. */
function isAnswered(i: number, { status, headers, body }: Answer, code: string): boolean {
  if (status === 200) {
    expect(body).toEqual({ results: [{ predictions: expected[i % pictures.length] }] });
    return true;
  }
  expect({ status, code: body.error?.code }).toEqual({ status: 503, code });
  expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  return false;
}

describe('two hundred uploads at once', () => {
  const COUNT = 200;
  const all = async (service: Service, code: string) => {
    const answers = await Promise.all(
      Array.from({ length: COUNT }, (_, i) => service.post('/classify', pictureOf(i))),
    );
    return answers.filter((answer, i) => isAnswered(i, answer, code)).length;
  };

  test('are all answered where there is room, many in one batch', async () => {
    const service = await Service.start(folder, { MODEL: slowModel });
    expect(await all(service, 'none')).toBe(COUNT);
    const model = '{model="BitForImageClassification"}';
    expect(await service.metric(`bigtransfer_batch_images_sum${model}`)).toBe(COUNT);
    expect(await service.metric(`bigtransfer_batch_images_count${model}`)).toBeLessThan(COUNT / 2);
    expect(await service.kill()).toBe(0);
  });

  test.each([
    ['uploads are in memory', { MAX_UPLOADS: '100' }, 'ERR_OVERLOADED'],
    ['bytes are in memory', { MAX_HELD_BYTES: String(100 * 20_000) }, 'ERR_OVERLOADED'],
    ['calls wait for the model', { MAX_QUEUE: '1', MAX_BATCH: '1' }, 'ERR_BIT_OVERLOADED'],
  ])('where too many %s, are answered rightly or refused', async (_, bounds, code) => {
    const service = await Service.start(folder, { MODEL: slowModel, ...bounds });
    const answered = await all(service, code);
    // How many of them find room depends on how quickly others are done.
    expect(answered).toBeGreaterThan(0);
    expect(answered).toBeLessThan(COUNT);
    // It is as before, and has let go of everything.
    expect(isAnswered(0, await service.post('/classify', boat), 'none')).toBe(true);
    expect(await service.metric('upload_bytes')).toBe(0);
    expect(await service.metric('uploads')).toBe(0);
    expect(await service.kill()).toBe(0);
  });
});

test('autocannon: every answer is one, and they are counted', async () => {
  const service = await Service.start(folder);
  const AMOUNT = 600;
  const result = await autocannon({
    url: `${service.url}/classify`,
    method: 'POST',
    headers: { 'content-type': 'image/jpeg' },
    body: boat,
    connections: 40,
    amount: AMOUNT,
  });
  expect(result).toMatchObject({ '2xx': AMOUNT, non2xx: 0, errors: 0, timeouts: 0 });
  const counted = 'http_requests_total{method="POST",route="/classify",status="200"}';
  expect(await service.metric(counted)).toBe(AMOUNT);
  expect(await service.kill()).toBe(0);
});

describe('an upload without end', () => {
  const HUGE = 2 * 1024 ** 3;
  const MIB = 1024 ** 2;
  /** What a client may have sent until it hears: the bound, and what lies in systems' buffers on the way. */
  const MOST_SENT = 40 * MIB;
  let service: Service;
  beforeAll(async () => void (service = await Service.start(folder)));
  afterAll(async () => expect(await service.kill()).toBe(0));

  /** Sends pieces until there is an answer, as fast as they are taken. */
  async function flood(headers: Record<string, string | number>, piece: Buffer, first = '') {
    const upload = service.send('/classify', 'POST', headers);
    let answer: Answer | undefined;
    void upload.answer().then((each) => (answer = each));
    let sent = 0;
    if (first) upload.request.write(first);
    while (!answer && sent < HUGE) {
      if (upload.request.writableNeedDrain) {
        await pause(5);
        continue;
      }
      upload.request.write(piece);
      sent += piece.length;
    }
    upload.request.destroy();
    return { answer, sent };
  }

  const form = formOf({ 'a.jpg': Buffer.alloc(0) });
  test.each([
    ['with its length', { 'content-type': 'image/jpeg', 'content-length': HUGE }, ''],
    ['in chunks', { 'content-type': 'image/jpeg' }, ''],
    [
      'in a form',
      { 'content-type': form.type },
      form.body.toString().split('\r\n\r\n')[0] + '\r\n\r\n',
    ],
    ['in a form, before its first part', { 'content-type': form.type }, 'x'],
  ])('%s is refused early, and memory stays flat', async (_, headers, first) => {
    const peak = service.peak();
    const { answer, sent } = await flood(headers, Buffer.alloc(64 * 1024), first);
    expect(answer).toMatchObject({ status: 413, body: { error: { code: 'ERR_TOO_LARGE' } } });
    expect(sent).toBeLessThan(MOST_SENT);
    expect(service.peak() - peak).toBeLessThan(100 * MIB);
  });

  test('of pieces of one byte costs little memory', async () => {
    const peak = service.peak();
    const socket = connect(service.port, '127.0.0.1');
    socket.write(
      'POST /classify HTTP/1.1\r\nHost: a\r\nContent-Type: image/jpeg\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    const pieces = Buffer.from('1\r\nx\r\n'.repeat(10_000));
    for (let i = 0; i < 100; i++)
      if (!socket.write(pieces)) await new Promise((go) => socket.once('drain', go));
    // Not end(): Node's server takes a half-closed connection for one whose client is gone.
    socket.write('0\r\n\r\n');
    let text = '';
    for await (const chunk of socket.setEncoding('utf8')) {
      text += chunk;
      if (text.includes('}}')) break;
    }
    expect(text).toMatch(/^HTTP\/1\.1 422 /);
    expect(service.peak() - peak).toBeLessThan(100 * MIB);
  });
});

test('small files of many pixels are decoded by turns, and kept no longer; small pictures do not wait', async () => {
  const SIDE = 4000;
  const PIXELS = SIDE * SIDE;
  const service = await Service.start(folder, { MAX_DECODED_PIXELS: String(PIXELS) });
  const red = { width: SIDE, height: SIDE, channels: 3 as const, background: 'red' };
  const bomb = await sharp({ create: red }).gif().toBuffer();
  expect(bomb.length).toBeLessThan(100_000);
  await service.post('/classify', boat);
  const peak = service.peak();
  const COUNT = 10;
  let answered = 0;
  const bombs = Array.from({ length: COUNT }, async () => {
    const { status } = await service.post('/classify', bomb, 'image/gif');
    answered++;
    return status;
  });
  await pause(200);
  expect((await service.post('/classify', boat)).status).toBe(200);
  expect(answered).toBeLessThan(COUNT);
  expect(new Set(await Promise.all(bombs))).toEqual(new Set([200]));
  // One takes some 10 bytes a pixel; all together, or each kept, ten times that.
  expect(service.peak() - peak).toBeLessThan(30 * PIXELS);
  expect(await service.kill()).toBe(0);
});

describe('slow clients', () => {
  const LIMIT_MS = 3000;
  let service: Service;
  beforeAll(async () => {
    const env = {
      REQUEST_TIMEOUT_MS: String(LIMIT_MS),
      MAX_UPLOADS: '4',
      MAX_HELD_BYTES: '2000000',
    };
    service = await Service.start(folder, env);
  });
  afterAll(async () => expect(await service.kill()).toBe(0));

  test('hold up nobody, and are cut off', async () => {
    const start = Date.now();
    // Together they announce far more than there is room for.
    const slow = Array.from({ length: 40 }, (_, i) => {
      const { body, type } = i % 2 ? { body: boat, type: 'image/jpeg' } : formOf({ 'a.jpg': boat });
      const headers = { 'content-type': type, 'content-length': 1_000_000 };
      const upload = service.send('/classify', 'POST', headers);
      let at = 0;
      const timer = setInterval(() => upload.request.write(body.subarray(at, (at += 10))), 50);
      const ended = upload.answer().finally(() => clearInterval(timer));
      return ended;
    });
    let quick = 0;
    while (Date.now() - start < LIMIT_MS / 2) {
      expect((await service.post('/classify', boat)).status).toBe(200);
      quick++;
    }
    expect(quick).toBeGreaterThan(10);
    for (const answer of await Promise.all(slow))
      expect(answer).toMatchObject({ status: 408, body: { error: { code: 'ERR_TIMEOUT' } } });
    expect(Date.now() - start).toBeLessThan(4 * LIMIT_MS);
    expect(await service.metric('upload_bytes')).toBe(0);
  });

  test('are cut off in the head of a request, too', async () => {
    const socket = connect(service.port, '127.0.0.1');
    socket.write('POST /classify HTTP/1.1\r\nHost: a\r\nX-Slow: ');
    const timer = setInterval(() => socket.write('x'), 50);
    let text = '';
    for await (const chunk of socket.setEncoding('utf8')) text += chunk;
    clearInterval(timer);
    expect(text).toMatch(/^HTTP\/1\.1 408 [^]*"code":"ERR_TIMEOUT"/);
  });
});

test('clients that go away: their work is dropped', async () => {
  const service = await Service.start(folder, { MODEL: slowModel });
  const COUNT = 60;
  const uploads = Array.from({ length: COUNT }, () => {
    const headers = { 'content-type': 'image/jpeg', 'content-length': boat.length };
    const upload = service.send('/classify', 'POST', headers);
    upload.request.end(boat);
    return upload;
  });
  // The queue is being worked off.
  await Promise.race(uploads.map((upload) => upload.answer()));
  for (const { request } of uploads) request.destroy();
  const completed =
    'bigtransfer_calls_total{model="BitForImageClassification",outcome="completed"}';
  const gone = () =>
    service.metric('http_requests_total{method="POST",route="/classify",status="gone"}');
  const end = Date.now() + 20_000;
  while (((await service.metric('uploads')) > 0 || !((await gone()) > 0)) && Date.now() < end)
    await pause(50);
  expect(await service.metric('uploads')).toBe(0);
  expect(await gone()).toBeGreaterThan(COUNT / 4);
  expect(await service.metric(completed)).toBeLessThan(COUNT / 2);
  expect(isAnswered(0, await service.post('/classify', boat), 'none')).toBe(true);
  expect(await service.kill()).toBe(0);
});

/** Resolves once nobody can connect any more. */
async function refused(service: Service): Promise<void> {
  for (;;) {
    const outcome = await service
      .get('/readyz')
      .catch((error: NodeJS.ErrnoException) => error.code);
    if (outcome === 'ECONNREFUSED') return;
    await pause(20);
  }
}

describe('told to stop', () => {
  /** An upload of which the last bytes are sent when finish() is called. */
  function begun(service: Service) {
    const headers = { 'content-type': 'image/jpeg', 'content-length': boat.length };
    const upload = service.send('/classify', 'POST', headers);
    upload.request.write(boat.subarray(0, -100));
    return { answer: upload.answer(), finish: () => upload.request.end(boat.subarray(-100)) };
  }

  test('it finishes what was begun, takes nothing new, and ends with 0', async () => {
    const service = await Service.start(folder, { MODEL: slowModel });
    const unfinished = begun(service);
    const COUNT = 80;
    let answered = 0;
    const answers = Array.from({ length: COUNT }, async (_, i) => {
      const answer = await service.post('/classify', pictureOf(i));
      answered++;
      return answer;
    });
    // A connection on which nothing was begun keeps nobody waiting.
    const idle = connect(service.port, '127.0.0.1');
    idle.write('POST /classify HTTP/1.1\r\n');
    idle.on('error', () => undefined);
    // All have arrived, and most are still worked on.
    while (answered + (await service.metric('uploads')) < COUNT) await pause(20);
    expect(answered).toBeLessThan(COUNT / 2);
    const ended = service.kill('SIGTERM');
    await refused(service);
    unfinished.finish();
    const last = await unfinished.answer;
    expect(isAnswered(0, last, 'none')).toBe(true);
    expect(last.headers.connection).toBe('close');
    for (const [i, answer] of (await Promise.all(answers)).entries())
      expect(isAnswered(i, answer, 'none')).toBe(true);
    expect(await ended).toBe(0);
  });

  test('it is not ready any more while load balancers look', async () => {
    const service = await Service.start(folder, { STOP_DELAY_MS: '1500' });
    const ended = service.kill('SIGTERM');
    await pause(200);
    expect(await service.get('/readyz')).toMatchObject({ status: 503 });
    expect(await service.get('/healthz')).toMatchObject({ status: 200 });
    expect((await service.post('/classify', boat)).status).toBe(200);
    expect(await ended).toBe(0);
  });

  test('twice, it ends at once', async () => {
    const service = await Service.start(folder);
    const { answer } = begun(service);
    await pause(200);
    void service.kill('SIGTERM');
    await pause(200);
    const start = Date.now();
    expect(await service.kill('SIGTERM')).toBe(128 + 15);
    expect(Date.now() - start).toBeLessThan(5000);
    await expect(answer).rejects.toThrow();
  });

  test('it waits for no client longer than it may', async () => {
    const service = await Service.start(folder, { STOP_TIMEOUT_MS: '500' });
    const { answer } = begun(service);
    await pause(200);
    expect(await service.kill('SIGTERM')).toBe(1);
    await expect(answer).rejects.toThrow();
  });
});
