import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { BitErrorCode } from '../../../lib/errors';
import { HeldImage } from '../../../lib/image/input';
import type { Dataset } from '../../../lib/training/data/dataset';
import {
  readDataset,
  splitsOf,
  type ReadDatasetOptions,
} from '../../../lib/training/data/read_dataset';
import { REFERENCE } from '../../support/reference';
import { temporaryFolder } from '../../support/temporary';

const root = temporaryFolder();
let count = 0;

function folderOf(files: Record<string, string>): string {
  const folder = join(root, String(count++));
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}
const failure = (message: string, code: BitErrorCode = 'ERR_BIT_CONFIG') => ({
  name: 'BitError',
  code,
  message,
});

test('a folder of classes', async () => {
  const folder = folderOf({
    'dogs/1.png': '',
    'cats/1.png': '',
    'cats/more/2.png': '',
    'x.png': '',
  });
  const [first, second, third] = ['cats/1.png', 'cats/more/2.png', 'dogs/1.png'].map((name) =>
    join(folder, name),
  );
  expect(await readDataset(folder)).toEqual<Dataset>({
    problemType: 'single_label_classification',
    labels: ['cats', 'dogs'],
    examples: [
      { path: first!, image: first!, target: 0 },
      { path: second!, image: second!, target: 0 },
      { path: third!, image: third!, target: 1 },
    ],
    problems: [{ path: join(folder, 'x.png'), message: 'it is in no folder of a class' }],
  });
});

test('folders are names, whatever they look like', async () => {
  const folder = folderOf({
    '1/a.png': '',
    '10/a.png': '',
    '0/a.png': '',
    'a|b/a.png': '',
    '[1]/a.png': '',
  });
  const { labels, problemType, examples } = await readDataset(folder, { labels: null });
  expect(problemType).toBe('single_label_classification');
  expect(labels).toEqual(['0', '1', '10', '[1]', 'a|b']);
  expect(examples.map(({ target }) => target)).toEqual([0, 1, 2, 3, 4]);
});

test('folders of known classes', async () => {
  const folder = folderOf({ 'b/1.png': '', 'a/1.png': '' });
  mkdirSync(join(folder, 'c'));
  mkdirSync(join(folder, 'd'));
  const known = await readDataset(folder, { labels: ['c', 'b', 'a'] });
  expect(known.labels).toEqual(['c', 'b', 'a']);
  expect(known.examples.map(({ target }) => target)).toEqual([2, 1]);
  expect(known.problems).toHaveLength(2);
  expect((await readDataset(folder)).labels).toEqual(['a', 'b']);
  await expect(readDataset(folder, { labels: ['a', 'bb'] })).rejects.toMatchObject(
    failure(`Unknown label 'b' of ${join(folder, 'b', '1.png')}; the labels are a, bb`),
  );
});

test('folders of classes as several labels, and not as values', async () => {
  const folder = folderOf({ 'b/1.png': '', 'a/1.png': '' });
  const several = await readDataset(folder, { problemType: 'multi_label_classification' });
  expect(several.examples.map(({ target }) => target)).toEqual([
    [1, 0],
    [0, 1],
  ]);
  await expect(readDataset(folder, { problemType: 'regression' })).rejects.toMatchObject(
    failure(`Expected one number for a regression, but ${join(folder, 'a', '1.png')} has 'a'`),
  );
});

test('metadata beside pictures', async () => {
  const folder = folderOf({
    'metadata.csv': 'file_name,label\nin/1.png,yes\n2.png,no\nnot there.png,yes\n',
    '2.png': '',
    'unlisted.png': '',
  });
  const { labels, examples, problems } = await readDataset(folder);
  expect(labels).toEqual(['no', 'yes']);
  expect(examples.map(({ path, target }) => [path, target])).toEqual([
    [join(folder, 'in/1.png'), 1],
    [join(folder, '2.png'), 0],
    [join(folder, 'not there.png'), 1],
  ]);
  expect(problems).toEqual([]);
});

test('tables of each kind of labels', async () => {
  const folder = folderOf({
    'numbers.csv': 'path,label\na,1\nb,0\n',
    'several.jsonl': '{"path":"a","labels":["x","y"]}\n{"path":"b","labels":[]}\n',
    'values.csv': 'path,target\na,0.5|1\nb,2|3\n',
    'mixed.csv': 'path,label\na,1\nb,cat\n',
  });
  const read = (name: string, options?: ReadDatasetOptions) =>
    readDataset(join(folder, name), options);
  expect(await read('numbers.csv')).toMatchObject({
    labels: ['LABEL_0', 'LABEL_1'],
    examples: [{ target: 1 }, { target: 0 }],
  });
  expect(await read('numbers.csv', { labels: ['no', 'yes'] })).toMatchObject({
    labels: ['no', 'yes'],
    examples: [{ target: 1 }, { target: 0 }],
  });
  expect(await read('several.jsonl')).toMatchObject({
    problemType: 'multi_label_classification',
    labels: ['x', 'y'],
    examples: [{ target: [1, 1] }, { target: [0, 0] }],
  });
  expect(
    await read('values.csv', { problemType: 'regression', labelColumn: 'target' }),
  ).toMatchObject({
    problemType: 'regression',
    labels: ['LABEL_0', 'LABEL_1'],
    examples: [{ target: [0.5, 1] }, { target: [2, 3] }],
  });
  const mixed = join(folder, 'mixed.csv');
  await expect(read('mixed.csv')).rejects.toMatchObject(
    failure(
      `Expected labels of one kind, but line 2 of ${mixed} has 1 and line 3 of ${mixed} has 'cat'`,
    ),
  );
  expect(await read('mixed.csv', { labels: ['cat', '1'] })).toMatchObject({
    examples: [{ target: 1 }, { target: 0 }],
  });
});

describe('Parquet', () => {
  const parts = join(REFERENCE, 'datasets', 'parts');

  test('a file, whose classes keep the order that it has', async () => {
    const { labels, examples, problems } = await readDataset(
      join(REFERENCE, 'datasets', 'classes.parquet'),
    );
    expect(labels).toEqual(['zebra', 'ant', "médaille d'or"]);
    expect(examples.map(({ target }) => target)).toEqual([0, 1, 2, 0, 0, 1, 0]);
    expect(examples.every(({ image }) => image instanceof HeldImage)).toBe(true);
    expect(problems).toHaveLength(3);
  });

  test('known labels in another order are the same classes', async () => {
    const labels = ["médaille d'or", 'other', 'ant', 'zebra'];
    const { examples } = await readDataset(parts, { split: 'train', labels });
    expect(examples.map(({ target }) => target)).toEqual([3, 2, 0, 3]);
    await expect(
      readDataset(parts, { split: 'train', labels: ['zebra', 'aunt'] }),
    ).rejects.toMatchObject(
      failure(
        `Unknown label 'ant' of ${parts}/data/train-00000-of-00002.parquet/1 (did you mean 'aunt'?); the labels are zebra, aunt`,
      ),
    );
  });

  test('parts by the names of files', async () => {
    expect(await splitsOf(parts)).toEqual(['train', 'test']);
    expect((await readDataset(parts, { split: 'test' })).examples).toMatchObject([{ target: 1 }]);
  });

  test('names as text come in code point order', async () => {
    const { labels } = await readDataset(join(REFERENCE, 'datasets', 'names.parquet'));
    expect(labels).toEqual(['a', 'b', '\uff5e', '\u{1f600}']);
  });

  test('a number beyond all classes', async () => {
    const file = join(REFERENCE, 'datasets', 'bigint.parquet');
    await expect(readDataset(file)).rejects.toMatchObject({
      message: expect.stringContaining(`row 2 of ${file} has 9223372036854776000`) as string,
    });
  });
});

describe('parts', () => {
  const folder = () => folderOf({ 'train/b/1.png': '', 'train/a/1.png': '', 'val/b/2.png': '' });

  test('are told, and read one at a time', async () => {
    const source = folder();
    expect(await splitsOf(source)).toEqual(['train', 'validation']);
    const train = await readDataset(source, { split: 'train' });
    expect(train.labels).toEqual(['a', 'b']);
    const validation = await readDataset(source, { split: 'validation', labels: train.labels });
    expect(validation.examples).toEqual([
      { path: join(source, 'val/b/2.png'), image: join(source, 'val/b/2.png'), target: 1 },
    ]);
  });

  test('must be named where there are some, and none where there are none', async () => {
    const source = folder();
    await expect(readDataset(source)).rejects.toMatchObject(
      failure(`Expected the option split for ${source}, which has the parts train, validation`),
    );
    await expect(readDataset(source, { split: 'test' })).rejects.toMatchObject(
      failure(`There is no test part for ${source}, which has the parts train, validation`),
    );
    const whole = join(source, 'train');
    expect(await splitsOf(whole)).toEqual([]);
    await expect(readDataset(whole, { split: 'train' })).rejects.toMatchObject(
      failure(`There is no train part in ${whole}, which has no parts`),
    );
  });
});

describe('nothing to learn from', () => {
  const SOUGHT =
    'looked for folders of pictures, one for each class, metadata.csv, metadata.jsonl or .parquet files';

  test('an empty folder, and one of pictures alone', async () => {
    const empty = folderOf({});
    await expect(readDataset(empty)).rejects.toMatchObject(
      failure(`Found nothing to learn from in ${empty}: ${SOUGHT}`),
    );
    const loose = folderOf({ '1.png': '', '2.png': '' });
    await expect(readDataset(loose)).rejects.toMatchObject(
      failure(
        `Found nothing to learn from in ${loose}: ${SOUGHT}; ${join(loose, '1.png')}: it is in no folder of a class (and 1 more)`,
      ),
    );
  });

  test('folders without pictures', async () => {
    const folder = folderOf({ 'a/x.txt': '' });
    await expect(readDataset(folder, { labels: ['a'] })).rejects.toMatchObject(
      failure(
        `Found nothing to learn from in ${folder}: ${SOUGHT}; ${join(folder, 'a')}: there is no image in this folder`,
      ),
    );
  });

  test('tables without rows', async () => {
    const folder = folderOf({ 'a.csv': 'path,label\n', 'b.csv': 'path,label\nx.png,\n' });
    const file = join(folder, 'a.csv');
    await expect(readDataset(file)).rejects.toMatchObject(
      failure(`Found nothing to learn from in ${file}: looked for rows with a path and a label`),
    );
    await expect(readDataset(join(folder, 'b.csv'))).rejects.toMatchObject({
      message: expect.stringContaining('x.png: it has no label in line 2 of') as string,
    });
  });

  test('a Parquet file without rows', async () => {
    const file = join(REFERENCE, 'batch', 'no_rows.parquet');
    await expect(readDataset(file)).rejects.toMatchObject({ code: 'ERR_BIT_CONFIG' });
  });
});

describe('options', () => {
  const source = () => folderOf({ 'a/1.png': '' });

  test.each<[string, unknown, string]>([
    ['labels', ['a', 'a'], 'Expected a list of names, each once, or null for labels'],
    ['labels', [], 'Expected a list of names, each once, or null for labels'],
    ['labels', [1], 'Expected a list of names, each once, or null for labels'],
    ['labels', 'a', 'Expected a list of names, each once, or null for labels'],
    ['problemType', 'single', 'Expected one of'],
    ['split', 'val', "Expected one of 'train', 'validation', 'test', or null for split"],
    ['pathColumn', 1, 'Expected a string, or null for pathColumn'],
    ['signal', {}, 'Expected an AbortSignal for signal'],
    ['labelColum', 'x', "Unknown option 'labelColum' (did you mean 'labelColumn'?)"],
  ])('%s: %p', async (name, value, message) => {
    await expect(readDataset(source(), { [name]: value })).rejects.toMatchObject({
      code: 'ERR_BIT_CONFIG',
      message: expect.stringContaining(message) as string,
    });
  });

  test('none, null and undefined are the same', async () => {
    const folder = source();
    const expected = await readDataset(folder);
    expect(await readDataset(folder, null)).toEqual(expected);
    expect(
      await readDataset(folder, {
        labels: undefined,
        split: null,
        problemType: null,
        imageColumn: null,
      }),
    ).toEqual(expected);
  });

  test.each([
    ['', "''"],
    ['a\0b', "'a\0b'"],
    [7, '7'],
    [null, 'null'],
  ])('%p is no source', async (value, words) => {
    const expected = failure(`Expected a path for the data set but received ${words}`);
    await expect(readDataset(value as string)).rejects.toMatchObject(expected);
    await expect(splitsOf(value as string)).rejects.toMatchObject(expected);
  });

  test('the signal ends it with its reason', async () => {
    const reason = new Error('enough');
    await expect(readDataset(source(), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
