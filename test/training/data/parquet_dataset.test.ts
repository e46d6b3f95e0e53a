import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HeldImage } from '../../../lib/image/input';
import type { FileMetaData } from 'hyparquet' with { 'resolution-mode': 'import' };
import { readParquet, type ParquetOptions } from '../../../lib/training/data/parquet_dataset';
import { classNames } from '../../../lib/training/data/parquet_features';
import { columnOf } from '../../../lib/batch/inputs/parquet_column';
import { picturesOf, RecentRows, withBuffer } from '../../../lib/training/data/parquet_pictures';
import { REFERENCE } from '../../support/reference';
import { temporaryFolder } from '../../support/temporary';

const FOLDER = join(REFERENCE, 'datasets');
const root = temporaryFolder();
const DEFAULTS: ParquetOptions = {
  labels: null,
  problemType: null,
  imageColumn: null,
  labelColumn: null,
};

interface Row {
  sha256: string | null;
  path: string | null;
  label: unknown;
}
const expected = JSON.parse(readFileSync(join(FOLDER, 'expected.json'), 'utf8')) as Record<
  string,
  { names: string[] | null; rows: Row[] }
>;

const place = (name: string) => join(FOLDER, name);
const read = (names: string[], options: Partial<ParquetOptions> = {}) =>
  readParquet(names.map(place), { ...DEFAULTS, ...options });

const failure = async (names: string[], options: Partial<ParquetOptions> = {}) => {
  const error: unknown = await read(names, options).catch((e: unknown) => e);
  expect(error).toMatchObject({ name: 'BitError', code: 'ERR_BIT_CONFIG' });
  return (error as Error).message;
};

async function sha256(image: unknown): Promise<string> {
  expect(image).toBeInstanceOf(HeldImage);
  const read = (await (image as unknown as HeldImage).read()) as { encoded: Uint8Array };
  return createHash('sha256').update(read.encoded).digest('hex');
}

/** What each row is to come out as, but for its label. */
const told = (name: string, { sha256, path }: Row, at: number) => [
  `${place(name)}/${path ?? at}`,
  sha256,
];

async function pictureTold({ path, image }: { path: string; image: unknown }) {
  return [path, await sha256(image)];
}

describe('as Hugging Face datasets writes them', () => {
  test('numbers of a ClassLabel are the names that the file has for them', async () => {
    const { pictures, problems, classes } = await read(['classes.parquet']);
    const { names, rows } = expected['classes.parquet']!;
    expect(classes).toEqual(names);
    const good = rows.flatMap((row, at) =>
      row.sha256 && row.label !== null && row.label !== -1 ? [at] : [],
    );
    expect(good).toEqual([0, 1, 2, 3, 4, 5, 9]);
    expect(await Promise.all(pictures.map(pictureTold))).toEqual(
      good.map((at) => told('classes.parquet', rows[at]!, at)),
    );
    expect(pictures.map(({ label }) => label)).toEqual(
      good.map((at) => names![rows[at]!.label as number]),
    );
    expect(pictures[6]!.where).toBe(`row 9 of ${place('classes.parquet')}`);
    const [file, seventh] = [place('classes.parquet'), '7 ü.png'];
    expect(problems).toEqual([
      { path: `${file}/6 ü.png`, message: `it has no label in row 6 of ${file}` },
      { path: `${file}/${seventh}`, message: `it has no label in row 7 of ${file}` },
      { path: `${file}/8`, message: `row 8 of ${file} has no picture` },
    ]);
  });

  test('lists of ClassLabel', async () => {
    const { pictures, problems, classes } = await read(['lists.parquet']);
    const { names } = expected['lists.parquet']!;
    expect(classes).toEqual(names);
    expect(pictures.map(({ label }) => label)).toEqual([[names![0], names![2]], [], [names![1]]]);
    expect(problems).toHaveLength(1);
    const old = await read(['old_lists.parquet']);
    expect(old.classes).toEqual(['x', 'y']);
    expect(old.pictures.map(({ label }) => label)).toEqual([['x'], ['y', 'x'], [], ['y']]);
  });

  test('names as text', async () => {
    const { pictures, classes } = await read(['names.parquet']);
    expect(classes).toBeNull();
    expect(pictures.map(({ label }) => label)).toEqual(
      expected['names.parquet']!.rows.map(({ label }) => label),
    );
  });

  test('several files are one after the other', async () => {
    const names = ['train-00000-of-00002', 'train-00001-of-00002'].map(
      (name) => `parts/data/${name}.parquet`,
    );
    const { pictures, classes } = await read(names);
    expect(classes).toEqual(expected[names[0]!]!.names);
    expect(await Promise.all(pictures.map(pictureTold))).toEqual(
      names.flatMap((name) => expected[name]!.rows.map((row, at) => told(name, row, at))),
    );
  });
});

describe('as others write them', () => {
  test('numbers, and pictures page by page', async () => {
    const { pictures, classes } = await read(['pages.parquet']);
    const { rows } = expected['pages.parquet']!;
    expect(classes).toBeNull();
    expect(pictures.map(({ label }) => label)).toEqual(rows.map(({ label }) => label));
    const backwards = pictures.toReversed();
    expect(await Promise.all(backwards.map(pictureTold))).toEqual(
      rows.map((row, at) => told('pages.parquet', row, at)).reverse(),
    );
  });

  test.each<[string, unknown[], number]>([
    ['values.parquet', [0.5, -2.25, 1e-3], 1],
    [
      'vectors.parquet',
      [
        [0.5, 1],
        [0.5, 1],
        [0.5, 1],
      ],
      1,
    ],
    ['texts.parquet', [['b', 'a'], ['a'], ['c', 'b']], 1],
    ['floats.parquet', [1, 0, 1], 1],
    ['bigint.parquet', [0, 1, 2 ** 63, 2], 0],
  ])('%s', async (name, labels, without) => {
    const { pictures, problems } = await read([name]);
    expect(pictures.map(({ label }) => label)).toEqual(labels);
    expect(problems).toHaveLength(without);
  });

  test('text with bars is one label where each picture has one', async () => {
    const { pictures } = await read(['texts.parquet'], {
      problemType: 'single_label_classification',
    });
    expect(pictures.map(({ label }) => label)).toEqual(['b|a', 'a', 'c | b']);
  });

  test('paths, which start from the folder of the file', async () => {
    const { pictures, problems } = await read(['paths.parquet']);
    const paths = [place('a.png'), 'https://example.org/b.png', '/c.png'];
    expect(pictures.map(({ path, image }) => [path, image])).toEqual(
      paths.map((path) => [path, path]),
    );
    const file = place('paths.parquet');
    expect(problems).toEqual([{ path: `${file}/3`, message: `row 3 of ${file} has no picture` }]);
  });

  test('columns that are given', async () => {
    const { pictures } = await read(['values.parquet'], {
      imageColumn: 'image',
      labelColumn: 'target',
    });
    expect(pictures).toHaveLength(3);
    expect(await failure(['values.parquet'], { labelColumn: 'targte' })).toContain(
      "no column targte with labels (did you mean 'target'?); there are image, target",
    );
    expect(await failure(['values.parquet'], { imageColumn: 'target' })).toContain(
      'no column target with pictures or their paths',
    );
  });
});

describe('what is refused', () => {
  test.each([
    ['beyond.parquet', 'Expected whole numbers from 0 to 1 for labels, but row 2 of FILE has 2'],
    [
      'booleans.parquet',
      'Expected a name, a number or a list of those for the label in row 0 of FILE but received true',
    ],
    [
      'broken_features.parquet',
      'Cannot read all of FILE: what its metadata has as huggingface is no JSON',
    ],
    [
      'no_names.parquet',
      'Cannot read all of FILE: its metadata has no list of names for the classes of label',
    ],
    ['gone.parquet', 'Cannot read all of FILE: no such file'],
    ['parts', 'Cannot read all of FILE: it is a folder'],
  ])('%s', async (name, message) => {
    expect(await failure([name])).toBe(message.replace('FILE', place(name)));
  });

  test('classes that differ from file to file', async () => {
    expect(await failure(['classes.parquet', 'other_classes.parquet'])).toBe(
      `Expected the same classes in all files, but ${place('other_classes.parquet')} has ["x","y"] ` +
        `and ${place('classes.parquet')} has ["zebra","ant","médaille d'or"]`,
    );
    expect(await failure(['classes.parquet', 'pages.parquet'])).toContain('pages.parquet has null');
  });

  test('a file whose pages are broken', async () => {
    const bytes = readFileSync(place('pages.parquet'));
    const broken = join(root, 'broken.parquet');
    writeFileSync(broken, bytes.fill(0xff, 4, 40));
    await expect(readParquet([broken], DEFAULTS)).rejects.toMatchObject({
      code: 'ERR_BIT_CONFIG',
      message: expect.stringContaining(`Cannot read all of ${broken}: rows 0 to `) as string,
    });
    writeFileSync(broken, bytes.subarray(0, 100));
    await expect(readParquet([broken], DEFAULTS)).rejects.toMatchObject({
      message: expect.stringContaining('it is no Parquet file, or a broken one') as string,
    });
  });
});

test('whatever bytes are broken, what comes is pictures or an error that says so', async () => {
  let state = 1;
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const names = ['classes.parquet', 'pages.parquet', 'lists.parquet', 'texts.parquet'];
  const file = join(root, 'any.parquet');
  const outcomes = { read: 0, refused: 0 };
  for (let at = 0; at < 300; at++) {
    const bytes = readFileSync(place(names[at % names.length]!));
    for (let times = 0; times < 3; times++) bytes[random(bytes.length)] = random(256);
    writeFileSync(file, bytes);
    const found: unknown = await readParquet([file], DEFAULTS).catch((error: unknown) => error);
    if (found instanceof Error)
      expect(found).toMatchObject({ name: 'BitError', code: 'ERR_BIT_CONFIG' });
    outcomes[found instanceof Error ? 'refused' : 'read']++;
  }
  expect(Math.min(outcomes.read, outcomes.refused)).toBeGreaterThan(30);
});

describe('pictures that are read again', () => {
  /** The pictures of a copy, of whose bytes so many are kept. */
  async function copied(name: string, most: number) {
    const file = join(root, name);
    copyFileSync(place(name), file);
    return withBuffer(file, async (buffer) => {
      const images: unknown[] = [];
      const column = await columnOf(buffer, null);
      for await (const { image } of picturesOf(file, column, new RecentRows(most)))
        images.push(image);
      return { file, images };
    });
  }
  const hashes = expected['classes.parquet']!.rows.map((row) => row.sha256);

  test('come from the file where they are not kept', async () => {
    const { file, images } = await copied('classes.parquet', 0);
    for (const at of [9, 0, 5, 0, 9]) expect(await sha256(images[at])).toBe(hashes[at]);
    rmSync(file);
    // The last block is kept in any case.
    expect(await sha256(images[9])).toBe(hashes[9]);
    await expect((images[0] as HeldImage).read()).rejects.toMatchObject({
      code: 'ERR_BIT_IMAGE',
      message: `Cannot read ${file}/0 ü.png: no such file`,
    });
    copyFileSync(place('classes.parquet'), file);
    expect(await sha256(images[0])).toBe(hashes[0]);
  });

  // Of 25, 25 and 10 rows, each page has 6 in some 200 bytes: 5, 5 and 2 pages.
  test.each([
    [1, 12],
    [300, 7],
    [1e9, 3],
  ])('with %p bytes at once, rows are read in %p blocks', async (atOnce, blocks) => {
    const { rows } = expected['pages.parquet']!;
    const file = place('pages.parquet');
    const recent = new RecentRows(0);
    const reads = jest.spyOn(recent, 'get');
    const images = await withBuffer(file, async (buffer) => {
      const found: unknown[] = [];
      for await (const picture of picturesOf(file, await columnOf(buffer, null), recent, atOnce)) {
        expect(picture).toMatchObject({ row: found.length, path: `${file}/${found.length}.png` });
        found.push(picture.image);
      }
      return found;
    });
    expect(reads).toHaveBeenCalledTimes(blocks);
    for (const at of [59, 0, 24, 25, 13, 49, 50])
      expect(await sha256(images[at])).toBe(rows[at]!.sha256);
  });

  test('come from memory where they are', async () => {
    const { file, images } = await copied('classes.parquet', 1e6);
    rmSync(file);
    expect(existsSync(file)).toBe(false);
    for (const at of [0, 5, 9]) expect(await sha256(images[at])).toBe(hashes[at]);
  });

  test('whatever becomes of the bytes that were given', async () => {
    const { images } = await copied('classes.parquet', 1e6);
    const first = (await (images[0] as HeldImage).read()) as { encoded: Uint8Array };
    first.encoded.fill(0);
    expect(await sha256(images[0])).toBe(hashes[0]);
  });

  test('the signal ends reading with its reason', async () => {
    const { images } = await copied('classes.parquet', 0);
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    await expect((images[0] as HeldImage).read({ signal })).rejects.toBe(reason);
    await expect(read(['classes.parquet'], { signal })).rejects.toBe(reason);
  });

  test('bytes that are no picture are an error of their own', async () => {
    const file = join(REFERENCE, 'batch', 'hf.parquet');
    const { pictures } = await readParquet([file], DEFAULTS);
    const empty = pictures.find(({ path }) => path.endsWith('empty.png'))!;
    await expect((empty.image as unknown as HeldImage).read()).rejects.toMatchObject({
      code: 'ERR_BIT_IMAGE',
      message: 'Expected an encoded image but received no bytes',
    });
  });
});

describe('names of classes', () => {
  const metadata = (value?: unknown) =>
    ({
      key_value_metadata: [
        { key: 'ARROW:schema', value: 'x' },
        ...(value === undefined ? [] : [{ key: 'huggingface', value: JSON.stringify(value) }]),
      ],
    }) as FileMetaData;
  const of = (feature: unknown) => metadata({ info: { features: { label: feature } } });

  test.each<[string, FileMetaData, string[] | null]>([
    ['no metadata', {} as FileMetaData, null],
    ['none of Hugging Face', metadata(), null],
    ['nothing in it', metadata({}), null],
    ['null', metadata(null), null],
    ['no column of this name', metadata({ info: { features: { other: {} } } }), null],
    ['a plain number', of({ dtype: 'int64', _type: 'Value' }), null],
    [
      'a number of classes without names',
      of({ num_classes: 3, names: null, _type: 'ClassLabel' }),
      null,
    ],
    ['a ClassLabel', of({ names: ['a', 'b'], _type: 'ClassLabel' }), ['a', 'b']],
    ['a list in Python', of([{ names: ['a'], _type: 'ClassLabel' }]), ['a']],
    [
      'lists of lists',
      of({
        _type: 'List',
        feature: { _type: 'List', feature: { names: ['a'], _type: 'ClassLabel' } },
      }),
      ['a'],
    ],
  ])('%s', (_, given, names) => {
    expect(classNames(given, 'label')).toEqual(names);
  });
});
