import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { lookAt } from '../../../lib/training/data/source';
import { temporaryFolder } from '../../support/temporary';

const root = temporaryFolder();
let count = 0;

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

/** As text, with paths from the folder. */
async function told(folder: string): Promise<string> {
  const source = await lookAt(folder);
  const words = (place: Awaited<ReturnType<typeof lookAt>>): string => {
    switch (place.kind) {
      case 'classes':
        return `classes ${place.folder}`;
      case 'table':
        return `table ${place.file}`;
      case 'parquet':
        return `parquet ${place.files.join(' ')}`;
      case 'parts':
        return [...place.parts].map(([split, part]) => `${split}: ${words(part)}`).join('; ');
    }
  };
  return words(source).replaceAll(`${folder}/`, '').replaceAll(folder, '.');
}

test.each<[string[], string]>([
  [['a/', 'b/'], 'classes .'],
  [[], 'classes .'],
  [['x.png', 'labels.csv'], 'classes .'],
  [['metadata.csv', 'a/1.png'], 'table metadata.csv'],
  [['metadata.jsonl', '1.png'], 'table metadata.jsonl'],
  [['b.parquet', 'a.PARQUET', 'README.md'], 'parquet a.PARQUET b.parquet'],
  [['README.md', '.cache/', 'plain_text/x.parquet'], 'parquet plain_text/x.parquet'],
  [['data/x.parquet', 'other/'], 'classes .'],
  [['data/deep/x.parquet'], 'classes .'],
])('%p is %s', async (names, words) => {
  expect(await told(folderOf(...names))).toBe(words);
});

describe('parts', () => {
  test.each<[string[], string]>([
    [['train/a/', 'val/a/', 'README.md', '.git/'], 'train: classes train; validation: classes val'],
    [['valid/', 'train/'], 'train: classes train; validation: classes valid'],
    [
      ['validation/', 'test/', 'train/'],
      'train: classes train; validation: classes validation; test: classes test',
    ],
    [['train/a/1.png'], 'train: classes train'],
    [
      ['train/metadata.csv', 'test/x.parquet'],
      'train: table train/metadata.csv; test: parquet test/x.parquet',
    ],
    [['train/train/', 'train/test/', 'test/'], 'train: classes train; test: classes test'],
    [
      [
        'data/test-00000-of-00001.parquet',
        'data/train-00001-of-00002.parquet',
        'data/train-00000-of-00002.parquet',
      ],
      'train: parquet data/train-00000-of-00002.parquet data/train-00001-of-00002.parquet; test: parquet data/test-00000-of-00001.parquet',
    ],
    [
      ['train.parquet', 'mnist-val.parquet'],
      'train: parquet train.parquet; validation: parquet mnist-val.parquet',
    ],
  ])('%p has %s', async (names, words) => {
    expect(await told(folderOf(...names))).toBe(words);
  });

  test.each<[string[], string]>([
    [['train/', 'val/', 'bus/'], 'classes .'],
    [['val/', 'test/'], 'classes .'],
    [['Train/', 'Test/'], 'classes .'],
    [['train/', 'test/', 'constructor/'], 'classes .'],
    [['train/', 'test/', 'metadata.csv'], 'table metadata.csv'],
    [['train.parquet', 'more.parquet'], 'parquet more.parquet train.parquet'],
    [['training.parquet', 'test.parquet'], 'parquet test.parquet training.parquet'],
    [['test.parquet'], 'parquet test.parquet'],
  ])('%p has none', async (names, words) => {
    expect(await told(folderOf(...names))).toBe(words);
  });

  test('two folders of one part', async () => {
    const folder = folderOf('train/', 'val/', 'valid/');
    await expect(lookAt(folder)).rejects.toMatchObject({
      code: 'ERR_BIT_CONFIG',
      message: `Expected one validation part in ${folder} but found val, valid`,
    });
  });
});

test('files by their endings', async () => {
  const folder = folderOf('a.CSV', 'b.jsonl', 'c.parquet');
  expect(await lookAt(join(folder, 'a.CSV'))).toEqual({
    kind: 'table',
    file: join(folder, 'a.CSV'),
  });
  expect(await lookAt(join(folder, 'b.jsonl'))).toMatchObject({ kind: 'table' });
  expect(await lookAt(join(folder, 'c.parquet'))).toEqual({
    kind: 'parquet',
    files: [join(folder, 'c.parquet')],
  });
});

test('links to data sets', async () => {
  const folder = folderOf('a/');
  symlinkSync(folder, join(root, 'link'));
  expect(await lookAt(join(root, 'link'))).toEqual({ kind: 'classes', folder: join(root, 'link') });
});

test('what is none', async () => {
  const folder = folderOf('a.txt', 'b.tar', 'noending');
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  for (const name of ['a.txt', 'b.tar', 'noending', 'pipe'])
    await expect(lookAt(join(folder, name))).rejects.toMatchObject({
      code: 'ERR_BIT_CONFIG',
      message: `Expected a folder, or a .csv, .jsonl or .parquet file, for the data set but received ${join(folder, name)}`,
    });
  await expect(lookAt(join(folder, 'gone'))).rejects.toMatchObject({
    code: 'ERR_BIT_CONFIG',
    message: `Cannot read the data set ${join(folder, 'gone')}: no such file`,
  });
  const both = folderOf('metadata.csv', 'metadata.jsonl');
  await expect(lookAt(both)).rejects.toMatchObject({
    message: `Expected one table in ${both} but found metadata.csv and metadata.jsonl`,
  });
});
