import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTable } from '../../../lib/training/data/table';
import { temporaryFolder } from '../../support/temporary';

const root = temporaryFolder();
let count = 0;
const DEFAULTS = { labels: null, problemType: null, pathColumn: null, labelColumn: null };

function written(name: string, content: string | Uint8Array): string {
  const path = join(root, `${count++}${name}`);
  writeFileSync(path, content);
  return path;
}
const csv = (content: string | Uint8Array) => written('.csv', content);
const jsonl = (...rows: (object | string)[]) =>
  written(
    '.jsonl',
    rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n'),
  );

type Options = Partial<Parameters<typeof readTable>[1]>;

/** Labels by path, which are told as they are in the table. */
async function labelsIn(file: string, options: Options = {}) {
  const { pictures, problems, classes } = await readTable(file, { ...DEFAULTS, ...options });
  expect(classes).toBeNull();
  const inside = (path: string) =>
    path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path;
  return {
    labels: pictures.map(({ path, label }) => [inside(path), label]),
    problems: problems.map(({ path, message }) => [inside(path), message]),
  };
}

const failure = async (file: string, options: Options = {}) => {
  const error: unknown = await readTable(file, { ...DEFAULTS, ...options }).catch(
    (e: unknown) => e,
  );
  expect(error).toMatchObject({ name: 'BitError', code: 'ERR_BIT_CONFIG' });
  return (error as Error).message;
};

describe('CSV', () => {
  test('a byte order mark, CRLF, quotes, line breaks in cells and empty lines', async () => {
    const file = csv(
      '\ufeff"path",label\r\n"a ""b"", c.png",cat\r\n\r\n"line\nbreak.png","do g"\r\nü 猫.png,é\r\n',
    );
    const { pictures, problems } = await readTable(file, DEFAULTS);
    expect(problems).toEqual([]);
    expect(pictures).toEqual([
      {
        path: join(root, 'a "b", c.png'),
        image: join(root, 'a "b", c.png'),
        label: 'cat',
        where: `line 2 of ${file}`,
      },
      {
        path: join(root, 'line\nbreak.png'),
        image: join(root, 'line\nbreak.png'),
        label: 'do g',
        where: `line 5 of ${file}`,
      },
      {
        path: join(root, 'ü 猫.png'),
        image: join(root, 'ü 猫.png'),
        label: 'é',
        where: `line 6 of ${file}`,
      },
    ]);
  });

  test.each([
    ['line feeds', '\n'],
    ['carriage returns', '\r'],
    ['both', '\r\n'],
  ])('lines that end with %s', async (_, end) => {
    const { labels } = await labelsIn(csv(['label,path', 'x,a.png', 'y,b.png'].join(end)));
    expect(labels).toEqual([
      ['a.png', 'x'],
      ['b.png', 'y'],
    ]);
  });

  test('paths start from the folder of the file, but for those that have their own', async () => {
    const file = csv(
      'path,label\nsub/../a.png,x\n/b.png,x\nhttps://example.org/c.png,x\nfile:///d.png,x\n../e.png,x',
    );
    const { labels } = await labelsIn(file);
    expect(labels.map(([path]) => path)).toEqual([
      'a.png',
      '/b.png',
      'https://example.org/c.png',
      'file:///d.png',
      join(root, '..', 'e.png'),
    ]);
  });

  test('a picture in a URL is called by its place', async () => {
    const url = `data:image/png;base64,${'A'.repeat(500_000)}`;
    const file = csv(`path,label\n"${url}",x\n`);
    const { pictures } = await readTable(file, DEFAULTS);
    const where = `line 2 of ${file}`;
    expect(pictures).toEqual([{ path: where, image: url, label: 'x', where }]);
  });

  test('spaces belong to paths, and not to labels and names of columns', async () => {
    const { labels } = await labelsIn(csv('path , label\n a.png , x \n'));
    expect(labels).toEqual([[' a.png ', 'x']]);
  });

  test('other columns are as they are', async () => {
    const { labels } = await labelsIn(
      csv('id,target,note,note,file_name\n1,x,",",,a.png\n2,y,,,b.png'),
    );
    expect(labels).toEqual([
      ['a.png', 'x'],
      ['b.png', 'y'],
    ]);
  });

  test('the first usual name is taken, or the one that is given', async () => {
    const file = csv('image,path,labels,label,kind\ni.png,p.png,1,2,k');
    expect((await labelsIn(file)).labels).toEqual([['p.png', 2]]);
    const named = { pathColumn: 'image', labelColumn: 'kind' };
    expect((await labelsIn(file, named)).labels).toEqual([['i.png', 'k']]);
  });

  test('rows without a path or a label are told, and those that come again are there again', async () => {
    const file = csv('path,label\na.png,x\n,y\nb.png,\nc.png\n  ,z\na.png,y\na.png,x\n');
    expect(await labelsIn(file)).toEqual({
      labels: [
        ['a.png', 'x'],
        ['a.png', 'y'],
        ['a.png', 'x'],
      ],
      problems: [
        [file.slice(root.length + 1), 'line 3 has no path'],
        ['b.png', `it has no label in line 4 of ${file}`],
        ['c.png', `it has no label in line 5 of ${file}`],
        [file.slice(root.length + 1), 'line 6 has no path'],
      ],
    });
  });

  test.each<[string, string, string]>([
    ['nothing', '', 'no column path or file_name or image with paths; there are no columns'],
    [
      'no line of names',
      'a.png,cat\nb.png,dog',
      'no column path or file_name or image with paths; there are a.png, cat',
    ],
    [
      'other columns',
      'path,class\na,b',
      'no column label or labels or target with labels; there are path, class',
    ],
    [
      'another separator',
      'path;label\na;b',
      'no column path or file_name or image with paths; there are path;label',
    ],
    ['a column twice', 'path,label,label\na,b,c', 'several columns are called label'],
    [
      'more cells than columns',
      'path,label\na, b.png,cat',
      'Invalid Record Length: expect 2, got 3 on line 2',
    ],
    ['a quote that does not end', 'path,label\n"a.png,cat\n', 'Quote Not Closed'],
    ['a quote in a cell', 'path,label\na"b.png,cat', 'Invalid Opening Quote'],
  ])('%s', async (_, content, why) => {
    const file = csv(content);
    expect(await failure(file)).toContain(`Cannot read the table ${file}: ${why}`);
  });

  test('a column that is not there may be misspelt', async () => {
    const file = csv('path,label,species\na,b,c');
    expect(await failure(file, { labelColumn: 'specie' })).toBe(
      `Cannot read the table ${file}: no column specie with labels (did you mean 'species'?); there are path, label, species`,
    );
  });

  test.each<[string, Uint8Array]>([
    ['UTF-16', Buffer.from('\ufeffpath,label\na.png,x', 'utf16le')],
    ['UTF-16 without its mark', Buffer.from('path,label\na.png,x', 'utf16le')],
    ['Latin-1', Buffer.from('path,label\né.png,x', 'latin1')],
    ['a letter cut off', Buffer.from('path,label\na.png,é').subarray(0, -1)],
  ])('%s is no UTF-8', async (_, bytes) => {
    const file = csv(bytes);
    expect(await failure(file)).toBe(`Cannot read the table ${file}: it is no text in UTF-8`);
  });

  test('letters that fall between two pieces of a file', async () => {
    const rows = Array.from(
      { length: 30_000 },
      (_, at) => `${at}é猫\u{1f600}.png,${at % 2 ? 'ü' : 'x'}`,
    );
    const { labels } = await labelsIn(csv(`path,label\n${rows.join('\n')}`));
    expect(labels.map((row) => row.join(','))).toEqual(rows);
  });
});

describe('JSON Lines', () => {
  test('rows in any order of columns, with a byte order mark and empty lines', async () => {
    const file = jsonl(
      `\ufeff${JSON.stringify({ file_name: 'a.png', label: 'x', other: { deep: [1] } })}\r`,
      '',
      { label: 'y', file_name: 'b\u2028.png' },
    );
    const { pictures } = await readTable(file, DEFAULTS);
    expect(pictures.map(({ path, label, where }) => [path, label, where])).toEqual([
      [join(root, 'a.png'), 'x', `line 1 of ${file}`],
      [join(root, 'b\u2028.png'), 'y', `line 3 of ${file}`],
    ]);
  });

  test('labels keep their kinds', async () => {
    const file = jsonl(
      { path: 'a', label: '1' },
      { path: 'b', label: 2 },
      { path: 'c', label: [1, 2] },
    );
    expect((await labelsIn(file)).labels.map(([, label]) => label)).toEqual(['1', 2, [1, 2]]);
  });

  test('a row without a path or a label is told, and a label of nothing is one', async () => {
    const file = jsonl(
      { path: 'a' },
      { label: 'x' },
      { path: null, label: 'x' },
      { path: 'b', label: null },
      { path: 'c', label: [] },
    );
    const own = file.slice(root.length + 1);
    expect(await labelsIn(file)).toEqual({
      labels: [['c', []]],
      problems: [
        ['a', `it has no label in line 1 of ${file}`],
        [own, 'line 2 has no path'],
        [own, 'line 3 has no path'],
        ['b', `it has no label in line 4 of ${file}`],
      ],
    });
  });

  test('text with bars is lists', async () => {
    const file = jsonl(
      { path: 'a', label: 'x | y' },
      { path: 'b', label: 'x' },
      { path: 'c', label: '|' },
      { path: 'd', label: '7' },
    );
    expect((await labelsIn(file)).labels).toEqual([
      ['a', ['x', 'y']],
      ['b', ['x']],
      ['c', []],
      ['d', ['7']],
    ]);
    const one = await labelsIn(file, { problemType: 'single_label_classification' });
    expect(one.labels[0]).toEqual(['a', 'x | y']);
  });

  test.each<[string, string, string]>([
    ['no JSON', '{"path": "a"', 'line 2 is no JSON ('],
    ['NaN', '{"path": "a", "label": NaN}', 'line 2 is no JSON ('],
    ['a list', '["a", "b"]', 'line 2 is no object of columns'],
    ['null', 'null', 'line 2 is no object of columns'],
  ])('%s', async (_, line, why) => {
    const file = jsonl({ path: 'a', label: 'x' }, line);
    expect(await failure(file)).toContain(`Cannot read the table ${file}: ${why}`);
  });

  test('a path that is no text, and a label that is none', async () => {
    const file = jsonl({ path: 7, label: 'x' });
    expect(await failure(file)).toBe(
      `Expected text for the path in line 1 of ${file} but received 7`,
    );
    const other = jsonl({ path: 'a', label: 'x' }, { path: 'a', label: true });
    expect(await failure(other)).toBe(
      `Expected a name, a number or a list of those for the label in line 2 of ${other} but received true`,
    );
  });

  test('columns that no row has', async () => {
    const file = jsonl({ path: 'a', klass: 'x' }, { path: 'b', name: 'y' });
    expect(await failure(file)).toContain('there are path, klass, name');
  });
});

test('what is no file', async () => {
  const folder = join(root, 'folder.csv');
  mkdirSync(folder);
  expect(await failure(folder)).toBe(`Cannot read the table ${folder}: it is a folder`);
  expect(await failure(join(root, 'gone.jsonl'))).toContain('no such file');
});

test.each(['csv', 'jsonl'])('the signal ends reading of .%s with its reason', async (kind) => {
  const reason = new Error('enough');
  const signal = AbortSignal.abort(reason);
  const file = kind === 'csv' ? csv('path,label\na,b') : jsonl({ path: 'a', label: 'b' });
  await expect(readTable(file, { ...DEFAULTS, signal })).rejects.toBe(reason);
});
