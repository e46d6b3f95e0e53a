import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { listSource, readList, type ListSource } from '../../../lib/batch/inputs/list';
import type { Listed } from '../../../lib/batch/inputs/listed';
import { runNode, ROOT } from '../../support/child';
import { temporaryFolder } from '../../support/temporary';

const folder = temporaryFolder();

async function read(source: ListSource, options?: Parameters<typeof readList>[1]) {
  const found: Listed[] = [];
  for await (const each of readList(source, options)) found.push(each);
  return found;
}

function listOf(text: string | Uint8Array): string {
  const path = join(folder, 'list.txt');
  writeFileSync(path, text);
  return path;
}

const refusal = (source: string, why: string) => ({
  name: 'BitError',
  code: 'ERR_BIT_CONFIG',
  message: `Cannot read the list ${source}: ${why}`,
});

test.each([
  ['of Windows', '\ufeffa.jpg\r\n\r\nb c.png\r\n', ['a.jpg', 'b c.png']],
  ['without a last line’s end', 'a.jpg\nb.jpg', ['a.jpg', 'b.jpg']],
  ['with blank lines', '\n  \na.jpg\n\t\n', ['a.jpg']],
  [
    'with spaces, signs of globs and URLs',
    ' a .jpg\n*.jpg\nhttps://x.y/z\n',
    [' a .jpg', '*.jpg', 'https://x.y/z'],
  ],
  ['with other separators in names', 'a\u2028b.jpg\n', ['a\u2028b.jpg']],
  ['with NUL in a line', `${'a'.repeat(600)}\na\0b.jpg\n`, ['a'.repeat(600), 'a\0b.jpg']],
  ['that is empty', '', []],
])('a list %s', async (_, text, paths) => {
  expect(await read(listOf(text))).toEqual(paths.map((path) => ({ path })));
});

test('names shards where those are asked for', async () => {
  const path = listOf('a.tar\nhttps://x.y/b.tar\nc.jpg\n');
  const shards = [
    { path: 'a.tar', shard: 'tar' },
    { path: 'https://x.y/b.tar' },
    { path: 'c.jpg' },
  ];
  expect(await read(path, { withShards: true })).toEqual(shards);
  expect(await read(path)).toEqual(shards.map(({ path }) => ({ path })));
});

test.each([
  ['UTF-16', Buffer.from('\ufeffa.jpg\n', 'utf16le')],
  ['a picture', readFileSync(join(ROOT, 'examples', 'pictures', 'cat.jpg'))],
  ['compressed', gzipSync('a.jpg\n')],
  ['of names that end at NUL', 'a.jpg\0b.jpg\0'],
])('a list that is %s is refused', async (_, content) => {
  const path = listOf(content);
  const why = 'it is no text in UTF-8, of a path or URL on each line';
  await expect(read(path)).rejects.toMatchObject(refusal(path, why));
  await expect(read(Readable.from([content]))).rejects.toMatchObject(refusal('of the stream', why));
});

test('a list that is not there, is a folder, or one endless line', async () => {
  const gone = join(folder, 'gone.txt');
  await expect(read(gone)).rejects.toMatchObject(refusal(gone, 'no such file'));
  mkdirSync(join(folder, 'f'));
  await expect(read(join(folder, 'f'))).rejects.toMatchObject(
    refusal(join(folder, 'f'), 'it is a folder'),
  );
  const endless = function* () {
    for (;;) yield Buffer.alloc(2 ** 20, 'a');
  };
  await expect(read(Readable.from(endless()))).rejects.toMatchObject(
    refusal('of the stream', `line 1 has more than ${2 ** 26} characters`),
  );
});

test('a stream of bytes or of text', async () => {
  const bytes = Buffer.from('ä.jpg\nb.jpg\n');
  const halves = [bytes.subarray(0, 1), bytes.subarray(1)];
  expect(await read(Readable.from(halves))).toEqual([{ path: 'ä.jpg' }, { path: 'b.jpg' }]);
  const text = new PassThrough();
  text.setEncoding('utf8');
  text.end(bytes);
  expect(await read(text)).toEqual([{ path: 'ä.jpg' }, { path: 'b.jpg' }]);
});

test('a stream that fails, at once or on the way', async () => {
  const cause = new Error('unplugged');
  const failing = new PassThrough();
  failing.write('a.jpg\n');
  const found: string[] = [];
  const run = async () => {
    for await (const { path } of readList(failing)) {
      found.push(path);
      failing.destroy(cause);
    }
  };
  await expect(run()).rejects.toMatchObject({ ...refusal('of the stream', 'unplugged'), cause });
  expect(found).toEqual(['a.jpg']);
  const closed = new PassThrough();
  closed.destroy();
  await expect(read(closed)).rejects.toMatchObject(
    refusal('of the stream', 'it was closed before its end'),
  );
});

test('ends with the signal’s reason, also where a stream is silent', async () => {
  const reason = new Error('enough');
  const controller = new AbortController();
  const silent = new PassThrough();
  const run = read(silent, { signal: controller.signal });
  setTimeout(() => controller.abort(reason), 10);
  await expect(run).rejects.toBe(reason);
  expect(silent.destroyed).toBe(true);
  const before = read(listOf('a\n'), { signal: AbortSignal.abort(reason) });
  await expect(before).rejects.toBe(reason);
});

test('is let go of where somebody stops on the way', async () => {
  const input = new PassThrough();
  input.write('a\nb\n');
  for await (const { path } of readList(input)) {
    expect(path).toBe('a');
    break;
  }
  expect(input.destroyed).toBe(true);
});

test('is read as it is taken, however long it is', async () => {
  let given = 0;
  const endless = Readable.from(
    (function* () {
      for (;;) {
        given++;
        yield Buffer.from('name of a picture.jpg\n'.repeat(1000));
      }
    })(),
  );
  let taken = 0;
  for await (const { path } of readList(endless)) {
    expect(path).toBe('name of a picture.jpg');
    if (++taken === 20_000) break;
  }
  expect(given).toBeLessThan(20 + 40);
});

test('from standard input, which does not keep the process', async () => {
  const script = `
    const { readList } = require('${ROOT}/dist/batch/inputs/list');
    (async () => {
      for await (const { path } of readList(process.stdin)) {
        console.log(path);
        if (path === 'last') break;
      }
    })();`;
  const run = (text: string, isEnded: boolean) =>
    runNode(['-e', script], {
      during: ({ stdin }) => {
        stdin?.on('error', () => undefined);
        stdin?.write(text);
        if (isEnded) stdin?.end();
      },
    });
  expect(await run('a\nb', true)).toEqual({ code: 0, stdout: 'a\nb\n', stderr: '' });
  expect(await run('a\nlast\nb\n', false)).toEqual({ code: 0, stdout: 'a\nlast\n', stderr: '' });
});

test('what may be one', () => {
  const sources = ['list.txt', process.stdin, new PassThrough()];
  expect(sources.every((each) => listSource.test(each))).toBe(true);
  const others = [3, null, {}, [], ['a'], Buffer.from('a'), readFileSync, new Set(['a'])];
  expect(others.some((each) => listSource.test(each))).toBe(false);
});
