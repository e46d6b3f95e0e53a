import { execFileSync } from 'node:child_process';
import fs, { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expandArguments, type ExpandOptions } from '../../../lib/batch/inputs/arguments';
import type { Listed } from '../../../lib/batch/inputs/listed';

const FILES = ['b.PNG', 'a.jpg', 'notes.txt', 'x[y].png', 'xy.png', 'sub[1]/deep/c.webp', 'plain'];
let root: string;
let dir: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'bit paths '));
  dir = join(root, 'of images');
  mkdirSync(dir);
  for (const name of FILES) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), '');
  }
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

/** What is found, and what is not. */
async function expandPaths(args: string[], options: ExpandOptions = {}) {
  const paths: string[] = [];
  const problems: { path: string; why: string }[] = [];
  for await (const { path, problem } of expandArguments(args, options)) {
    if (problem === undefined) paths.push(path);
    else problems.push({ path, why: problem });
  }
  return { paths, problems };
}

async function expand(...names: string[]): Promise<string[]> {
  const { paths } = await expandPaths(names.map((name) => join(dir, name)));
  return paths.map((path) => path.slice(dir.length + 1).replaceAll('\\', '/'));
}

test('a file is taken as it is, whatever its name', async () => {
  expect(await expand('plain', 'notes.txt')).toEqual(['plain', 'notes.txt']);
});

test('a folder is looked through for images', async () => {
  const all = ['a.jpg', 'b.PNG', 'sub[1]/deep/c.webp', 'x[y].png', 'xy.png'];
  expect(await expand('')).toEqual(all);
  expect(await expand('sub[1]')).toEqual(['sub[1]/deep/c.webp']);
});

test('a name with the signs of a glob is that file when it exists', async () => {
  expect(await expand('x[y].png')).toEqual(['x[y].png']);
});

test('globs match files; each image comes once, in the order of the arguments', async () => {
  expect(await expand('x*.png')).toEqual(['x[y].png', 'xy.png']);
  expect(await expand('**/*.{webp,jpg}')).toEqual(['a.jpg', 'sub[1]/deep/c.webp']);
  expect(await expand('xy.png', '*.png', 'a.jpg')).toEqual(['xy.png', 'x[y].png', 'a.jpg']);
});

test('a glob gives files alone, and a sign after a backslash is a letter', async () => {
  expect(await expand('sub*')).toEqual([]);
  expect(await expand('x\\[y\\]*.png')).toEqual(['x[y].png']);
});

test('on Windows backslashes part folders, in globs too', async () => {
  const here = Object.getOwnPropertyDescriptor(process, 'platform') as PropertyDescriptor;
  try {
    Object.defineProperty(process, 'platform', { ...here, value: 'win32' });
    const { paths } = await expandPaths([`${dir}/sub*\\deep\\*.webp`]);
    expect(paths).toEqual([join(dir, 'sub[1]', 'deep', 'c.webp')]);
  } finally {
    Object.defineProperty(process, 'platform', here);
  }
});

test('relative globs give relative paths', async () => {
  const before = process.cwd();
  process.chdir(dir);
  try {
    expect((await expandPaths(['*.jpg', './xy.png'])).paths).toEqual(['a.jpg', './xy.png']);
  } finally {
    process.chdir(before);
  }
});

test('URLs go through; what matches nothing is told', async () => {
  expect(await expandPaths(['https://example.org/a.png?x=[1]', 'nope.png', 'no/*.png'])).toEqual({
    paths: ['https://example.org/a.png?x=[1]'],
    problems: [
      { path: 'nope.png', why: 'there is no such image' },
      { path: 'no/*.png', why: 'there is no such image' },
    ],
  });
  const urls = ['HTTP://example.org/a.png', 'File:///x.png', '  data:image/png;base64,'];
  expect(await expandPaths(urls)).toEqual({ paths: urls, problems: [] });
  const words = ['see http://example.org', 'ftp://example.org/a.png'];
  expect(await expandPaths(words)).toEqual({
    paths: [],
    problems: words.map((path) => ({ path, why: 'there is no such image' })),
  });
});

test('names that no file can have are not there', async () => {
  expect(await expandPaths(['', 'a\0b'])).toEqual({
    paths: [],
    problems: ['', 'a\0b'].map((path) => ({ path, why: 'there is no such image' })),
  });
});

describe('folders', () => {
  let folder: string;
  const find = async () => {
    const { paths, problems } = await expandPaths([folder]);
    const short = (path: string) => path.slice(folder.length + 1);
    return {
      paths: paths.map(short),
      problems: problems.map(({ path, why }) => `${short(path)}: ${why}`),
    };
  };
  beforeEach(() => (folder = mkdtempSync(join(dir, 'folder '))));
  afterEach(() => rmSync(folder, { recursive: true }));

  test('what is read is picked up by its ending, and nothing else', async () => {
    const images = ['a.jpe', 'b.mpo', 'c.apng', 'd.JFIF', 'e.tif', 'f.avif', 'g.gif'];
    images.push('h.bmp', 'i.pbm', 'j.pgm', 'k.ppm', 'l.PNM', 'm.jpeg', 'n.tiff', 'o.dib');
    const others = ['m.svg', 'n.heic', 'o.pdf', 'p.psd', 'q.pam', 'jpg', 'r.jpg.txt', 's.xpng'];
    for (const name of [...images, ...others]) writeFileSync(join(folder, name), '');
    mkdirSync(join(folder, 'folder.jpg'));
    execFileSync('mkfifo', [join(folder, 'pipe.jpg')]);
    expect(await find()).toEqual({ paths: images, problems: [] });
  });

  test('links to folders above or beside give nothing twice', async () => {
    mkdirSync(join(folder, 'inner'));
    writeFileSync(join(folder, 'inner', 'a.png'), '');
    symlinkSync('..', join(folder, 'inner', 'up'));
    symlinkSync('inner', join(folder, 'other'));
    symlinkSync('.', join(folder, 'self'));
    expect(await find()).toEqual({ paths: ['inner/a.png'], problems: [] });
  });

  test('links that lead nowhere are named, once', async () => {
    symlinkSync('gone', join(folder, 'lost.jpg'));
    symlinkSync('round', join(folder, 'round'));
    writeFileSync(join(folder, 'a.png'), '');
    expect(await find()).toEqual({
      paths: ['a.png'],
      problems: ['lost.jpg: this link leads nowhere', 'round: this link leads to itself'],
    });
    const lost = join(folder, 'lost.jpg');
    expect((await expandPaths([lost, lost, folder])).problems[0]?.path).toBe(lost);
    expect((await expandPaths([lost, lost])).problems).toEqual([
      { path: lost, why: 'this link leads nowhere' },
    ]);
  });

  test('one with as many problems as images is not empty', async () => {
    symlinkSync('gone', join(folder, 'lost.jpg'));
    writeFileSync(join(folder, 'a.png'), '');
    expect(await find()).toEqual({
      paths: ['a.png'],
      problems: ['lost.jpg: this link leads nowhere'],
    });
  });

  test('an empty one is told', async () => {
    expect((await expandPaths([folder])).problems).toEqual([
      { path: folder, why: 'there is no image in this folder' },
    ]);
  });
});

describe('what several arguments mean', () => {
  const names = async (args: string[], options?: ExpandOptions) =>
    (await expandPaths(args, options)).paths.map((path) => path.replace(`${dir}/`, ''));
  const inDir = (...args: string[]) => args.map((name) => join(dir, name));

  test('comes once: files, folders, globs and their overlaps', async () => {
    const all = ['a.jpg', 'b.PNG', 'sub[1]/deep/c.webp', 'x[y].png', 'xy.png'];
    expect(await names(inDir('a.jpg', 'a.jpg', '', 'xy.png'))).toEqual(['a.jpg', ...all.slice(1)]);
    expect(await names(inDir('', 'sub[1]', '*.jpg', ''))).toEqual(all);
    expect(await names(inDir('*.png', '', '*.png'))).toEqual([
      'x[y].png',
      'xy.png',
      ...all.slice(0, 3),
    ]);
    expect(await names(inDir('sub[1]', 'plain', 'a.jpg'))).toEqual([
      'sub[1]/deep/c.webp',
      'plain',
      'a.jpg',
    ]);
  });

  test('comes as often as it is meant where repeats are asked for', async () => {
    const options = { withRepeats: true };
    expect(await names(inDir('a.jpg', 'a.jpg', '*.jpg'), options)).toEqual(Array(3).fill('a.jpg'));
  });

  test('of one name in other words comes again', async () => {
    const before = process.cwd();
    process.chdir(dir);
    try {
      const given = ['*.jpg', './a.jpg', join(dir, 'a.jpg'), '..', '.'];
      const found = (await expandPaths(given)).paths.filter(
        (path) => path.endsWith('/a.jpg') || path === 'a.jpg',
      );
      expect(found).toEqual([
        'a.jpg',
        './a.jpg',
        join(dir, 'a.jpg'),
        join('..', 'of images', 'a.jpg'),
      ]);
    } finally {
      process.chdir(before);
    }
  });

  test('outside of a folder is not taken for its own', async () => {
    mkdirSync(join(dir, 'f'), { recursive: true });
    writeFileSync(join(dir, 'f', 'in.jpg'), '');
    writeFileSync(join(dir, 'fa.jpg'), '');
    expect(await names(inDir('f', 'fa.jpg', 'f/../a.jpg'))).toEqual([
      'f/in.jpg',
      'fa.jpg',
      'a.jpg',
    ]);
    rmSync(join(dir, 'f'), { recursive: true });
    rmSync(join(dir, 'fa.jpg'));
  });
});

describe('shards', () => {
  const kinds = async (args: string[], withShards: boolean) => {
    const found: Listed[] = [];
    for await (const each of expandArguments(args, { withShards })) found.push(each);
    return found.map(({ path, shard, problem }) => [path.slice(dir.length + 1), shard ?? problem]);
  };

  test('are told by their endings, in folders too, where they are asked for', async () => {
    const folder = join(dir, 'shards');
    mkdirSync(folder);
    const names = ['a.tar', 'b.tar.gz', 'c.tgz', 'd.tar.zst', 'e.parquet', 'f.gz', 'g.jpg'];
    for (const name of names) writeFileSync(join(folder, name), '');
    expect(await kinds([folder], true)).toEqual([
      ['shards/a.tar', 'tar'],
      ['shards/b.tar.gz', 'tar'],
      ['shards/c.tgz', 'tar'],
      ['shards/d.tar.zst', 'tar'],
      ['shards/e.parquet', 'parquet'],
      ['shards/g.jpg', undefined],
    ]);
    expect(await kinds([folder], false)).toEqual([['shards/g.jpg', undefined]]);
    expect(await kinds([join(folder, 'a.tar'), join(folder, '*.parquet')], true)).toEqual([
      ['shards/a.tar', 'tar'],
      ['shards/e.parquet', 'parquet'],
    ]);
    expect(await kinds([join(folder, 'a.tar')], false)).toEqual([['shards/a.tar', undefined]]);
    rmSync(folder, { recursive: true });
  });
});

test('one that cannot be looked at is one problem, and keeps nobody from the others', async () => {
  const file = join(dir, 'a.jpg');
  const lost = [`${'y'.repeat(300)}.jpg`, join(file, 'x.jpg'), join(file, '*.jpg')];
  const { paths, problems } = await expandPaths([...lost, file]);
  expect(paths).toEqual([file]);
  expect(problems).toEqual(lost.map((path) => ({ path, why: 'there is no such image' })));
});

test('one in a folder that may not be entered is there, perhaps', async () => {
  const lstat = jest.spyOn(fs, 'lstatSync').mockImplementation(() => {
    throw Object.assign(new Error('denied'), { code: 'EACCES' });
  });
  expect(await expandPaths(['locked/x.jpg'])).toEqual({ paths: ['locked/x.jpg'], problems: [] });
  lstat.mockRestore();
});
