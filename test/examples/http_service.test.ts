// examples/http-service: what it answers, and how it refuses.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import sharp from 'sharp';
import { pipeline } from '../../lib';
import { ROOT } from '../support/child';
import { IMAGES } from '../support/pictures';
import { temporaryFolder } from '../support/temporary';
import { copyExample, EXAMPLES, runExample } from './copied';
import { formOf, Service, type Answer } from './service';

jest.setTimeout(120_000);

const folder = copyExample('http-service', temporaryFolder());
const picture = (name: string) => readFileSync(join(EXAMPLES, 'pictures', name));
const boat = picture('boat.jpg');
const coffee = picture('coffee.jpg');

const MAX_UPLOAD_BYTES = 1_000_000;
const MAX_FILES = 3;
const MAX_PIXELS = 1_000_000;
let service: Service;
beforeAll(async () => {
  service = await Service.start(folder, {
    LOG_LEVEL: 'info',
    MAX_UPLOAD_BYTES: String(MAX_UPLOAD_BYTES),
    MAX_FILES: String(MAX_FILES),
    MAX_PIXELS: String(MAX_PIXELS),
  });
});

describe('answers are those of the pipelines', () => {
  test('labels of a body', async () => {
    await using classify = await pipeline('image-classification');
    for (const type of ['image/jpeg', 'application/octet-stream', 'image/png; of=another'])
      expect(await service.post('/classify?top_k=3', coffee, type)).toMatchObject({
        status: 200,
        body: { results: [{ predictions: await classify(coffee, { topK: 3 }) }] },
      });
    const { body } = await service.post('/classify', boat);
    expect(body).toEqual({ results: [{ predictions: await classify(boat) }] });
  });

  test("labels of a form's files, in order", async () => {
    await using classify = await pipeline('image-classification');
    const { body } = await service.form('/classify?top_k=2', {
      'b.jpg': coffee,
      'ü "1".jpg': boat,
    });
    const [first, second] = await classify([coffee, boat], { topK: 2 });
    expect(body).toMatchObject({
      results: [{ file: 'b.jpg', predictions: first }, { predictions: second }],
    });
  });

  test('embeddings', async () => {
    await using embed = await pipeline('image-feature-extraction');
    const { data } = await embed(boat, { pool: true });
    const { body } = await service.post('/embed', boat);
    expect(body.results?.map(({ embedding }) => embedding)).toEqual([Array.from(data)]);
    const { body: several } = await service.form('/embed', { 'a.jpg': coffee, 'b.jpg': boat });
    expect(several.results?.[1]).toEqual({ file: 'b.jpg', embedding: Array.from(data) });
  });

  test('of every kind of picture that it takes', async () => {
    await using classify = await pipeline('image-classification');
    const names = [
      'lossy.webp',
      'rgb.tif',
      'still.gif',
      'palette.png',
      'cmyk_adobe.jpg',
      'exif_6.jpg',
    ];
    for (const name of names) {
      const bytes = readFileSync(join(IMAGES, name));
      const { body } = await service.post('/classify', bytes, 'application/octet-stream');
      expect(body).toEqual({ results: [{ predictions: await classify(bytes) }] });
    }
  });

  test('on one connection, after a refusal too', async () => {
    for (const [body, status] of [
      [boat, 200],
      [Buffer.from('nothing'), 422],
      [boat, 200],
    ] as const) {
      const answer = await fetch(`${service.url}/classify`, {
        method: 'POST',
        body: new Uint8Array(body),
        headers: { 'content-type': 'image/jpeg' },
      });
      expect(answer.status).toBe(status);
      expect(answer.headers.get('connection')).toBe('keep-alive');
      await answer.json();
    }
  });
});

describe('is refused', () => {
  const refused = ({ status, body }: Answer) => [status, body.error?.code, body.error?.message];
  const MESSAGE = expect.any(String) as string;

  test.each(['top_k=0', 'top_k=1001', 'top_k=2.5', 'top_k=many', 'topk=5', 'top_k=1&top_k=2'])(
    'a query of %s: 400',
    async (query) => {
      const answer = await service.post(`/classify?${query}`, boat);
      expect(refused(answer)).toEqual([400, 'ERR_REQUEST', MESSAGE]);
    },
  );

  test('a request without a picture, or with a form that is none: 400', async () => {
    const { type } = formOf({});
    expect(refused(await service.post('/classify', Buffer.alloc(0)))).toEqual([
      400,
      'ERR_REQUEST',
      'There is no picture in the request',
    ]);
    for (const [body, kind] of [
      ['', type],
      ['nothing', type],
      ['nothing', 'multipart/form-data'],
      [formOf({ 'a.jpg': boat }).body.subarray(0, 500), type],
    ] as const)
      expect(refused(await service.post('/classify', Buffer.from(body), kind))).toEqual([
        400,
        'ERR_REQUEST',
        MESSAGE,
      ]);
  });

  test('another path or method: 404', async () => {
    for (const answer of [service.post('/nowhere', boat), service.get('/classify')])
      expect(refused(await answer)).toEqual([404, 'ERR_NOT_FOUND', MESSAGE]);
  });

  test('a path that is none: 400', async () => {
    expect(refused(await service.get('/%ff'))).toEqual([400, 'ERR_REQUEST', MESSAGE]);
  });

  test('too many bytes: 413', async () => {
    const large = Buffer.concat([boat, Buffer.alloc(MAX_UPLOAD_BYTES)]);
    const expected = [
      413,
      'ERR_TOO_LARGE',
      'An upload has at most 1000000 bytes, over all of its files',
    ];
    expect(refused(await service.post('/classify', large))).toEqual(expected);
    // Each file may be small enough.
    const third = Buffer.alloc(MAX_UPLOAD_BYTES / 3 + 1);
    const form = await service.form('/embed', { a: third, b: third, c: third });
    expect(refused(form)).toEqual(expected);
  });

  test('too many files: 413', async () => {
    const four = { 'a.jpg': boat, 'b.jpg': boat, 'c.jpg': boat, 'd.jpg': boat };
    expect(refused(await service.form('/classify', four))).toEqual([413, 'ERR_TOO_LARGE', MESSAGE]);
  });

  test('a small file of too many pixels: 413, before it is decoded', async () => {
    const side = 6000;
    const white = { width: side, height: side, channels: 3 as const, background: 'white' };
    const bomb = await sharp({ create: white }).png().toBuffer();
    expect(bomb.length).toBeLessThan(MAX_UPLOAD_BYTES);
    const peak = service.peak();
    const answer = await service.post('/classify', bomb, 'image/png');
    expect(refused(answer)).toEqual([
      413,
      'ERR_TOO_LARGE',
      `6000 x 6000 are more than ${MAX_PIXELS} pixels`,
    ]);
    expect(service.peak() - peak).toBeLessThan(side * side);
  });

  test('what is no image by its type, or is compressed on its way: 415', async () => {
    for (const type of ['application/json', 'text/plain', 'video/mp4'])
      expect(refused(await service.post('/classify', boat, type))).toEqual([
        415,
        'ERR_MEDIA_TYPE',
        MESSAGE,
      ]);
    const headers = { 'content-type': 'image/jpeg', 'content-encoding': 'gzip' };
    const upload = service.send('/classify', 'POST', headers);
    upload.request.end(boat);
    expect(refused(await upload.answer())).toEqual([415, 'ERR_MEDIA_TYPE', MESSAGE]);
  });

  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>';
  test.each([
    ['text', readFileSync(join(ROOT, 'LICENSE'))],
    ['a picture that is cut off', readFileSync(join(IMAGES, 'truncated.jpg'))],
    ['the first bytes of a picture', boat.subarray(0, 20)],
    ['an SVG', Buffer.from(svg)],
    ['the path of a picture', Buffer.from(join(EXAMPLES, 'pictures', 'boat.jpg'))],
    ['a URL', Buffer.from('http://127.0.0.1/boat.jpg')],
  ])('%s: 422', async (_, bytes) => {
    expect(refused(await service.post('/classify', bytes))).toEqual([
      422,
      'ERR_BIT_IMAGE',
      MESSAGE,
    ]);
    const [status, code, message] = refused(
      await service.form('/classify', { 'good.jpg': boat, 'bad.jpg': bytes }),
    );
    expect([status, code]).toEqual([422, 'ERR_BIT_IMAGE']);
    expect(message).toMatch(/^(File 1 \(bad\.jpg\)|Image 1 of 2): /);
  });

  test('what is no HTTP: 400', async () => {
    const socket = connect(service.port, '127.0.0.1');
    socket.write('I am no request\r\n\r\n');
    let text = '';
    for await (const chunk of socket.setEncoding('utf8')) text += chunk;
    expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[^]*"code":"ERR_REQUEST"/);
  });
});

test('it lives, and is ready', async () => {
  expect(await service.get('/healthz')).toMatchObject({ status: 200, body: { status: 'alive' } });
  expect(await service.get('/readyz')).toMatchObject({ status: 200, body: { status: 'ready' } });
});

test('metrics count what was asked, and can be parsed', async () => {
  const name = (status: string) =>
    `http_requests_total{method="POST",route="/classify",status="${status}"}`;
  const calls = 'bigtransfer_calls_total{model="BitForImageClassification",outcome="completed"}';
  const before = [await service.metric(name('200')), await service.metric(calls)] as const;
  const SENT = 5;
  await Promise.all(Array.from({ length: SENT }, () => service.post('/classify', boat)));
  expect(await service.metric(name('200'))).toBe(before[0] + SENT);
  expect(await service.metric(calls)).toBe(before[1] + SENT);
  const text = await service.metrics();
  const images = /^bigtransfer_batch_images_sum\{model="BitForImageClassification"\} (\d+)$/m.exec(
    text,
  );
  expect(Number(images?.[1])).toBeGreaterThanOrEqual(before[1] + SENT);
  expect(text).toMatch(/^upload_bytes 0$/m);
  expect(text).toMatch(/^uploads 0$/m);
  // The text format of Prometheus: comments, and lines of a name, labels and a number.
  const line =
    /^(#.*|[a-z_:][a-z0-9_:]*(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? (NaN|[+-]Inf|[-+.e\d]+))?$/i;
  expect(text.split('\n').filter((each) => !line.test(each))).toEqual([]);
});

test.each([
  [{ PORT: 'http' }, 2, "PORT expects a whole number from 0 to 65535, not 'http'\n"],
  [{ MAX_QUEUE: '0' }, 2, /^MAX_QUEUE expects a whole number from 1 to \d+, not '0'\n$/],
  [{ LOG_LEVEL: 'loud' }, 2, /^LOG_LEVEL expects one of [^\n]*, not 'loud'\n$/],
  [{ MODEL: './nowhere' }, 1, /^There is nothing at '\.\/nowhere'[^\n]*\n$/],
  [{ DTYPE: 'int3' }, 1, /^Expected [^\n]*dtype[^\n]*\n$/],
])('with %j it ends in a line', async (env: Record<string, string>, code, line) => {
  const outcome = await runExample(folder, ['server.mjs'], {
    env: { PORT: '0', LOG_LEVEL: 'silent', ...env },
  });
  expect(outcome).toMatchObject({ code, stdout: '' });
  expect(outcome.stderr).toEqual(typeof line === 'string' ? line : expect.stringMatching(line));
});

test('told to stop, it ends with 0', async () => {
  expect(await service.kill()).toBe(0);
});
