import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FolderSource, SubfolderSource } from '../../lib/hub/sources';
import { temporaryFolder } from '../support/temporary';

const dir = temporaryFolder();
const folder = new FolderSource(dir, 'a place', 'look elsewhere');
const path = (name: string) => join(dir, ...name.split('/'));

beforeAll(() => {
  mkdirSync(path('deep/er'), { recursive: true });
  for (const name of ['b.json', 'deep/er/c.json']) writeFileSync(path(name), '{}');
});

test('a folder gives the first that it has, and for each whether it has it', async () => {
  expect(await folder.first(['a.json', 'b.json'])).toEqual({
    name: 'b.json',
    path: path('b.json'),
  });
  expect(await folder.first(['a.json'])).toBeNull();
  expect(await folder.all(['b.json', 'a.json'])).toEqual([path('b.json'), null]);
});

test('a folder within gives them by their names there', async () => {
  const inner = new SubfolderSource(folder, 'deep/er');
  const found = { name: 'c.json', path: path('deep/er/c.json') };
  expect(await inner.first(['b.json', 'c.json'])).toEqual(found);
  expect(await inner.first(['b.json'])).toBeNull();
  expect(await inner.all(['b.json', 'c.json'])).toEqual([null, found.path]);
  expect([inner.label, inner.advice]).toEqual(['a place, deep/er', 'look elsewhere']);
});
