import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expandPaths } from '../../lib/cli/paths';

const FILES = ['b.PNG', 'a.jpg', 'notes.txt', 'x[y].png', 'xy.png', 'sub[1]/deep/c.webp', 'plain'];
let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'bit paths '));
  for (const name of FILES) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), '');
  }
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

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
    unmatched: ['nope.png', 'no/*.png'],
  });
});
