import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { contentsOf, readClassFolders } from '../../../lib/training/data/class_folders';
import { temporaryFolder } from '../../support/temporary';

const root = temporaryFolder();
let count = 0;

/** A folder with empty files in it, and empty folders where a name ends with a slash. */
function folderOf(...names: string[]): string {
  const folder = join(root, String(count++));
  mkdirSync(folder);
  for (const name of names) {
    const path = join(folder, name);
    mkdirSync(name.endsWith('/') ? path : dirname(path), { recursive: true });
    if (!name.endsWith('/')) writeFileSync(path, '');
  }
  return folder;
}

async function told(folder: string) {
  const { pictures, problems, classes } = await readClassFolders(folder);
  expect(classes).toBeNull();
  expect(pictures.every(({ path, image, where }) => image === path && where === path)).toBe(true);
  return {
    pictures: pictures.map(({ path, label }) => [relative(folder, path), label]),
    problems: problems.map(({ path, message }) => [relative(folder, path), message]),
  };
}

test('each folder is a class, with all that lies below it', async () => {
  const folder = folderOf(
    'b/2.jpg',
    'b/1.PNG',
    'b/deep/er/3.webp',
    'a b/ü.jpeg',
    'b/notes.txt',
    'README.md',
  );
  expect(await told(folder)).toEqual({
    pictures: [
      ['a b/ü.jpeg', 'a b'],
      ['b/1.PNG', 'b'],
      ['b/2.jpg', 'b'],
      ['b/deep/er/3.webp', 'b'],
    ],
    problems: [],
  });
});

test('classes come in code point order', async () => {
  const names = ['10', '2', 'B', 'a', 'ä', '\uff5e', '\u{1f600}', 'Ä', '-', '01'];
  const folder = folderOf(...names.map((name) => `${name}/x.png`));
  const { pictures } = await told(folder);
  const inPython = ['-', '01', '10', '2', 'B', 'a', 'Ä', 'ä', '\uff5e', '\u{1f600}'];
  expect(pictures.map(([, label]) => label)).toEqual(inPython);
});

test('what is hidden is left out, and what belongs to no class is told', async () => {
  const folder = folderOf(
    'a/1.png',
    'a/._1.png',
    'a/.ipynb_checkpoints/1.png',
    '.cache/1.png',
    '.2.png',
    'loose.jpg',
    'empty/',
    'texts/a.txt',
  );
  expect(await told(folder)).toEqual({
    pictures: [['a/1.png', 'a']],
    problems: [
      ['loose.jpg', 'it is in no folder of a class'],
      ['empty', 'there is no image in this folder'],
      ['texts', 'there is no image in this folder'],
    ],
  });
});

test('a hidden folder may be the data set itself', async () => {
  const folder = folderOf('.hidden/a/1.png');
  expect((await told(join(folder, '.hidden'))).pictures).toEqual([['a/1.png', 'a']]);
});

test('links are followed, but not upwards or to nowhere', async () => {
  const folder = folderOf('a/1.png', 'a/2.png');
  const other = folderOf('elsewhere/3.png');
  symlinkSync(join(other, 'elsewhere'), join(folder, 'b'));
  symlinkSync(join(other, 'elsewhere', '3.png'), join(folder, 'a', '4.png'));
  symlinkSync(folder, join(folder, 'self'));
  symlinkSync(root, join(folder, 'up'));
  symlinkSync('nowhere', join(folder, 'lost'));
  symlinkSync('nowhere.png', join(folder, 'a', 'lost.png'));
  symlinkSync('/', join(folder, 'top'));
  expect(await told(folder)).toEqual({
    pictures: [
      ['a/1.png', 'a'],
      ['a/2.png', 'a'],
      ['a/4.png', 'a'],
      ['b/3.png', 'b'],
    ],
    problems: [
      ['lost', 'this link leads nowhere'],
      ['a/lost.png', 'this link leads nowhere'],
      ['self', 'this link leads to a folder above it'],
      ['top', 'this link leads to a folder above it'],
      ['up', 'this link leads to a folder above it'],
    ],
  });
});

test('a folder whose name begins as that above it is none above it', async () => {
  const folder = folderOf('data/a/1.png', 'dat/2.png');
  symlinkSync(join(folder, 'dat'), join(folder, 'data', 'b'));
  expect((await told(join(folder, 'data'))).pictures).toEqual([
    ['a/1.png', 'a'],
    ['b/2.png', 'b'],
  ]);
});

test('contents are told apart', async () => {
  const folder = folderOf('b/', 'a/', 'z.csv', '.x/', '.y');
  symlinkSync('nowhere', join(folder, 'lost'));
  expect(await contentsOf(folder)).toEqual({
    folders: ['a', 'b'],
    files: ['z.csv'],
    lost: ['lost'],
  });
});

test('a folder that cannot be read is an error', async () => {
  const folder = folderOf();
  await expect(readClassFolders(join(folder, 'gone'))).rejects.toMatchObject({
    name: 'BitError',
    code: 'ERR_BIT_CONFIG',
    message: `Cannot read the folder ${join(folder, 'gone')}: no such file`,
  });
  if (process.getuid?.() === 0) return; // root may read everything
  chmodSync(folder, 0);
  await expect(readClassFolders(folder)).rejects.toMatchObject({ code: 'ERR_BIT_CONFIG' });
});

test('the signal ends it with its reason', async () => {
  const reason = new Error('enough');
  const folder = folderOf('a/1.png');
  await expect(readClassFolders(folder, { signal: AbortSignal.abort(reason) })).rejects.toBe(
    reason,
  );
});
