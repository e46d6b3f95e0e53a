import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { findImages } from '../../../lib/batch/inputs/folder';
import type { Listed } from '../../../lib/batch/inputs/listed';
import { HeldImage } from '../../../lib/image/input';
import { temporaryFolder, temporaryFolderAlone } from '../../support/temporary';

const root = temporaryFolder();
const place = temporaryFolderAlone();
let folder: string;
beforeEach(() => (folder = mkdtempSync(join(root, 'folder '))));

async function find(options?: Parameters<typeof findImages>[1]): Promise<Listed[]> {
  const found: Listed[] = [];
  for await (const each of findImages(folder, options))
    found.push({ ...each, path: each.path.slice(folder.length + 1) });
  return found;
}

const write = (...names: string[]) =>
  names.forEach((name) => writeFileSync(join(folder, name), ''));

test('by their names, a folder in the place of its own', async () => {
  mkdirSync(join(folder, 'b'));
  write('a.jpg', 'c.jpg', 'b/2.jpg', 'b/10.jpg', 'b.jpg', 'B.jpg', 'b-.jpg');
  const paths = (await find()).map(({ path }) => path);
  expect(paths).toEqual(['B.jpg', 'a.jpg', 'b/10.jpg', 'b/2.jpg', 'b-.jpg', 'b.jpg', 'c.jpg']);
});

test('names with line breaks, quotes, and what else a name may hold', async () => {
  const names = [
    'a\nb.jpg',
    'it\'s "quoted".jpg',
    'tab\t.jpg',
    'ü 猫🐈.jpg',
    '\u2028.jpg',
    ' .jpg',
  ];
  write(...names);
  expect((await find()).map(({ path }) => path)).toEqual([...names].sort());
});

test('names that are no UTF-8 are rows that cannot be read, not lost ones', async () => {
  const bytes = (name: string) => Buffer.from(join(folder, name), 'latin1');
  writeFileSync(bytes('caf\xe9.jpg'), '');
  mkdirSync(bytes('d\xe9'));
  writeFileSync(Buffer.concat([bytes('d\xe9'), Buffer.from('/in.jpg')]), '');
  symlinkSync('gone', bytes('l\xe9.jpg'));
  expect(await find()).toEqual([
    { path: 'caf\ufffd.jpg' },
    { path: 'd\ufffd', problem: 'it is gone, or its name is no UTF-8' },
    { path: 'l\ufffd.jpg', problem: 'this link leads nowhere' },
  ]);
  const read = HeldImage.of(join(folder, 'caf\ufffd.jpg')).read();
  await expect(read).rejects.toMatchObject({
    code: 'ERR_BIT_IMAGE',
    message: expect.stringContaining('no such file') as string,
  });
});

test('shards where they are asked for, by what they lead to', async () => {
  write('a.tar', 'b.parquet', 'c.jpg');
  symlinkSync('a.tar', join(folder, 'd.tar'));
  mkdirSync(join(folder, 'e.tar'));
  write('e.tar/f.jpg');
  expect(await find({ withShards: true })).toEqual([
    { path: 'a.tar', shard: 'tar' },
    { path: 'b.parquet', shard: 'parquet' },
    { path: 'c.jpg' },
    { path: 'd.tar', shard: 'tar' },
    { path: 'e.tar/f.jpg' },
  ]);
  expect(await find()).toEqual([{ path: 'c.jpg' }, { path: 'e.tar/f.jpg' }]);
});

test('of a folder that changes meanwhile, what is left', async () => {
  mkdirSync(join(folder, 'b'));
  mkdirSync(join(folder, 'c'));
  write('a.jpg', 'b/1.jpg', 'c/2.jpg', 'd.jpg');
  const found: Listed[] = [];
  for await (const each of findImages(folder)) {
    if (found.length === 0) rmSync(join(folder, 'b'), { recursive: true });
    if (found.length === 0) writeFileSync(join(folder, 'c', '3.jpg'), '');
    found.push(each);
  }
  expect(found.map(({ path, problem }) => [path.slice(folder.length + 1), problem])).toEqual([
    ['a.jpg', undefined],
    ['b', 'it is gone, or its name is no UTF-8'],
    ['c/2.jpg', undefined],
    ['c/3.jpg', undefined],
    ['d.jpg', undefined],
  ]);
});

test('a folder that may not be read', async () => {
  mkdirSync(join(folder, 'locked'));
  write('a.jpg', 'locked/b.jpg');
  chmodSync(join(folder, 'locked'), 0);
  const isRoot = process.getuid?.() === 0; // whom no permissions keep out
  const locked = isRoot
    ? { path: 'locked/b.jpg' }
    : { path: 'locked', problem: 'no permission to read it' };
  expect(await find()).toEqual([{ path: 'a.jpg' }, locked]);
  chmodSync(join(folder, 'locked'), 0o700);
});

test('a folder that is not there', async () => {
  folder = join(root, 'nowhere');
  const found: Listed[] = [];
  for await (const each of findImages(folder)) found.push(each);
  expect(found).toEqual([{ path: folder, problem: 'it is gone, or its name is no UTF-8' }]);
});

test('ends with the signal’s reason', async () => {
  write('a.jpg', 'b.jpg', 'c.jpg');
  const controller = new AbortController();
  const reason = new Error('enough');
  const found: string[] = [];
  const run = async () => {
    for await (const { path } of findImages(folder, { signal: controller.signal })) {
      found.push(path);
      controller.abort(reason);
    }
  };
  await expect(run()).rejects.toBe(reason);
  expect(found).toHaveLength(1);
});

test('more names than are held at once come in order, and leave no files', async () => {
  const leftovers = () => readdirSync(place);
  const count = 100_500;
  // Far quicker than a call for each.
  execFileSync('sh', ['-c', `seq 1 ${count} | sed 's/$/.jpg/' | xargs touch`], { cwd: folder });
  let found = 0;
  let previous = '';
  for await (const { path } of findImages(folder)) {
    if (path <= previous) throw new Error(`${path} after ${previous}`);
    previous = path;
    if (++found === 1) expect(leftovers().length).toBe(1);
  }
  expect(found).toBe(count);
  expect(leftovers()).toEqual([]);
});
