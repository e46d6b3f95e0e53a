// What an index of packages may answer.
import type { ServerResponse } from 'node:http';
import { fileUrl, projectUrl } from '../../lib/libtorch/pypi';
import { type Index, serveIndex } from './fake_cuda';

const HASH = 'a'.repeat(64);
const before = process.env['BIGTRANSFER_PYPI_URL'];
let index: Index | undefined;

afterEach(async () => {
  await index?.close();
  index = undefined;
  if (before === undefined) delete process.env['BIGTRANSFER_PYPI_URL'];
  else process.env['BIGTRANSFER_PYPI_URL'] = before;
});

async function answering(answer: (response: ServerResponse, name: string) => void): Promise<Index> {
  index = await serveIndex((name, response) => {
    answer(response, name);
    return true;
  });
  process.env['BIGTRANSFER_PYPI_URL'] = index.url;
  return index;
}

const listing = (url: string) =>
  JSON.stringify({
    files: [
      { url: 'no.whl', hashes: { md5: HASH } },
      { url, hashes: { sha256: HASH } },
    ],
  });

test.each([
  [undefined, 'https://pypi.org/simple/torch/'],
  ['', 'https://pypi.org/simple/torch/'],
  ['https://mirror.example/simple', 'https://mirror.example/simple/torch/'],
  ['https://mirror.example/simple//', 'https://mirror.example/simple/torch/'],
])('BIGTRANSFER_PYPI_URL %p: %s', (set, expected) => {
  if (set === undefined) delete process.env['BIGTRANSFER_PYPI_URL'];
  else process.env['BIGTRANSFER_PYPI_URL'] = set;
  expect(projectUrl('torch')).toBe(expected);
});

test.each([
  ['../../files/x.whl', '/files/x.whl'],
  ['x.whl#sha256=1', '/simple/torch/x.whl#sha256=1'],
  ['/at/root/x%2By.whl', '/at/root/x%2By.whl'],
])('the URL %s', async (url, path) => {
  const { origin } = await answering((response) => response.end(listing(url)));
  expect(await fileUrl('torch', HASH)).toBe(`${origin}${path}`);
});

test('of another host, and relative to where the index has led', async () => {
  const { origin } = await answering((response, name) => {
    if (name === 'torch') response.writeHead(302, { location: '/moved/there/' }).end();
    else response.end(listing('x.whl'));
  });
  expect(await fileUrl('torch', HASH)).toBe(`${origin}/moved/there/x.whl`);
  expect(await fileUrl('other', HASH)).toBe(`${origin}/simple/other/x.whl`);
  await index?.close();
  await answering((response) => response.end(listing('https://files.example/x.whl')));
  expect(await fileUrl('torch', HASH)).toBe('https://files.example/x.whl');
});

const PAGE = '<!DOCTYPE html><html><body><a href="x.whl">x.whl</a></body></html>';
const NO_LIST = 'it does not answer with a list of files as JSON, which PEP 691 describes';

test.each([
  ['no such project', 404, 'Not Found', 'the server answered 404'],
  ['a server in trouble', 503, '', 'the server answered 503'],
  ['a page for browsers, as of an old index', 200, PAGE, NO_LIST],
  ['nothing', 200, '', NO_LIST],
  ['half of it', 200, '{"files": [', NO_LIST],
  ['null', 200, 'null', NO_LIST],
  ['no object', 200, '"files"', NO_LIST],
  ['no files', 200, '{"meta": {}}', NO_LIST],
  ['files that are none', 200, '{"files": {}}', NO_LIST],
  [
    'other files',
    200,
    listing('x').replaceAll('a', 'b'),
    `it has no file with the SHA-256 ${HASH}`,
  ],
  ['none', 200, '{"files": []}', `it has no file with the SHA-256 ${HASH}`],
  ['files of null', 200, '{"files": [null]}', `it has no file with the SHA-256 ${HASH}`],
  ['no hashes', 200, '{"files": [{"url": "x.whl"}]}', `it has no file with the SHA-256 ${HASH}`],
])('an index that has %s', async (_, status, body, words) => {
  await answering((response) => response.writeHead(status).end(body));
  await expect(fileUrl('torch', HASH)).rejects.toThrow(words);
});

test('who does not want to wait need not', async () => {
  await answering(() => undefined); // and never says anything
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error('enough')), 100);
  await expect(fileUrl('torch', HASH, controller.signal)).rejects.toThrow('enough');
});
