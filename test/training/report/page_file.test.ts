import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expectWritable, writePage } from '../../../lib/training/report/page_file';
import { failure } from '../../support/queue';
import { temporaryFolder } from '../../support/temporary';

const root = temporaryFolder();
let folder: string;
beforeEach(() => (folder = mkdtempSync(join(root, 'page-'))));

test('a page takes the place of the one before, and leaves nothing else', async () => {
  const path = join(folder, 'page.html');
  for (const page of ['first', 'second']) {
    await expectWritable(path);
    await writePage(path, page);
    expect(readFileSync(path, 'utf8')).toBe(page);
  }
  expect(readdirSync(folder)).toEqual(['page.html']);
});

test('looking whether one can be written writes nothing', async () => {
  await expectWritable(join(folder, 'page.html'));
  expect(readdirSync(folder)).toEqual([]);
});

test('a place where none can be written is told beforehand', async () => {
  writeFileSync(join(folder, 'file'), '');
  mkdirSync(join(folder, 'folder'));
  const refused = [
    ['none/page.html', 'there is no such folder'],
    ['file/page.html', 'a part of its path is no folder'],
    ['folder', 'it is a folder'],
  ] as const;
  for (const [name, why] of refused) {
    const path = join(folder, name);
    const expected = `ERR_BIT_OUTPUT: Cannot write ${path}: ${why}`;
    expect(await failure(expectWritable(path))).toBe(expected);
    expect(await failure(writePage(path, ''))).toBe(expected);
  }
  expect(readdirSync(folder).sort()).toEqual(['file', 'folder']);
});
