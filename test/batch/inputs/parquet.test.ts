import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { picturesInParquet } from '../../../lib/batch/inputs/parquet';
import { BATCH, expectedShards, sha256, toldOf, type Told } from '../../support/shards';
import { temporaryFolder } from '../../support/temporary';

const folder = temporaryFolder();
const whole = readFileSync(join(BATCH, 'hf.parquet'));

function written(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const problemOf = (path: string, why: string) => `Cannot read all of the shard ${path}: ${why}`;

/** What a row of expected.json is to come out as. */
function toldFor(
  file: string,
  row: { sha256: string | null; path: string | null },
  at: number,
): Told {
  if (row.sha256 !== null) return { path: `${file}/${row.path ?? at}`, sha256: row.sha256 };
  if (row.path === null || row.path === '')
    return { path: `${file}/${at}`, text: `Cannot read the image: row ${at} of ${file} has none` };
  const place = row.path.startsWith('beside/') ? join(BATCH, row.path) : row.path;
  return { path: place, text: place };
}

describe('files of pyarrow', () => {
  const COLUMNS: Record<string, string> = {
    'dotted.parquet': 'data.image',
    'named.parquet': 'left picture',
  };
  const files = Object.keys(expectedShards).filter(
    (name) => name.endsWith('.parquet') && !/^(many|no_rows)/.test(name),
  );

  test('there are those of every kind', () => {
    expect(files).toHaveLength(17);
  });

  test.each(files)('%s', async (name) => {
    const path = join(BATCH, name);
    const rows = expectedShards[name] as { sha256: string | null; path: string | null }[];
    const told = await toldOf(picturesInParquet(path, COLUMNS[name] ?? null));
    expect(told).toEqual(rows.map((row, at) => toldFor(path, row, at)));
  });

  test.each(['many.parquet', 'many_pages.parquet'])('%s, each row in its place', async (name) => {
    const { rows, sha256: hashes } = expectedShards[name] as { rows: number; sha256: string[] };
    let row = 0;
    for await (const { path, image } of picturesInParquet(join(BATCH, name), null)) {
      const isRight =
        path.endsWith(`${name}/${row}`) && sha256(image as Uint8Array) === hashes[row % 7];
      if (!isRight) throw new Error(`row ${row} is ${path}`);
      row++;
    }
    expect(row).toBe(rows);
  });
});

test('paths in a file of the working folder are as they are where nothing lies beside it', async () => {
  const path = join(folder, 'paths.parquet');
  copyFileSync(join(BATCH, 'paths.parquet'), path);
  const text = 'beside/picture.png';
  const [first] = await toldOf(picturesInParquet(path, null));
  expect(first).toEqual({ path: text, text });
  mkdirSync(join(folder, 'beside'));
  writeFileSync(join(folder, text), '');
  const [second] = await toldOf(picturesInParquet(path, null));
  expect(second).toEqual({ path: join(folder, text), text: join(folder, text) });
});

test.each([
  [
    'no_pictures.parquet',
    null,
    'no column with pictures or their paths; there are label (INT64), caption (STRING), image (LIST)',
  ],
  [
    'hf.parquet',
    'photo',
    'no column photo with pictures or their paths; there are label (INT64), image (struct)',
  ],
  [
    'hf.parquet',
    'label',
    'no column label with pictures or their paths; there are label (INT64), image (struct)',
  ],
  ['no_rows.parquet', null, 'it has no rows'],
])('%s has nothing to read by column %s', async (name, column, why) => {
  const path = join(BATCH, name);
  expect(await toldOf(picturesInParquet(path, column))).toEqual([
    { path, text: problemOf(path, why) },
  ]);
});

test('any column that holds text or bytes may be named', async () => {
  const path = join(BATCH, 'no_pictures.parquet');
  expect(await toldOf(picturesInParquet(path, 'caption'))).toEqual([
    { path: 'a', text: 'a' },
    { path: 'b', text: 'b' },
  ]);
});

describe('what is no Parquet file', () => {
  test.each<[string, Uint8Array, string]>([
    ['nothing', Buffer.alloc(0), 'it is empty'],
    ['text', Buffer.from('words '.repeat(50)), 'it is no Parquet file, or a broken one ('],
    ['a few bytes', Buffer.from('PAR1'), 'it is no Parquet file, or a broken one ('],
    ['a file without its end', whole.subarray(0, -1), 'it is no Parquet file, or a broken one ('],
    [
      'half a file',
      whole.subarray(0, whole.length / 2),
      'it is no Parquet file, or a broken one (',
    ],
  ])('%s', async (name, bytes, why) => {
    const path = written(`${name}.parquet`, bytes);
    const told = await toldOf(picturesInParquet(path, null));
    expect(told).toEqual([{ path, text: expect.stringContaining(problemOf(path, why)) as string }]);
  });

  test('a folder, a pipe, and what is not there', async () => {
    mkdirSync(join(folder, 'folder.parquet'));
    execFileSync('mkfifo', [join(folder, 'pipe.parquet')]);
    for (const [name, why] of [
      ['folder.parquet', 'it is a folder'],
      ['pipe.parquet', 'it is a pipe'],
      ['gone.parquet', 'no such file'],
    ] as const) {
      const [told] = await toldOf(picturesInParquet(join(folder, name), null));
      expect(told).toMatchObject({ text: expect.stringContaining(why) as string });
    }
  });
});

const shaOf = (told: object | undefined) => (told as { sha256: string }).sha256;

test('each row of what is broken is told, and the others come', async () => {
  const bytes = Buffer.from(readFileSync(join(BATCH, 'bytes_none.parquet')));
  const groups = Buffer.from(readFileSync(join(BATCH, 'groups.parquet')));
  // In the first page, where it says how long it is; and in the third of four row groups.
  const broken = written('broken.parquet', bytes.fill(0xff, 4, 12));
  expect(await toldOf(picturesInParquet(broken, null))).toEqual(
    [0, 1, 2, 3, 4, 5, 6].map((row) => ({
      path: `${broken}/${row}`,
      text: expect.stringContaining(problemOf(broken, 'rows 0 to 6 are broken (')) as string,
    })),
  );
  const third = written('third.parquet', groups.fill(0xff, 660, 760));
  const told = await toldOf(picturesInParquet(third, null));
  const whole = await toldOf(picturesInParquet(join(BATCH, 'groups.parquet'), null));
  expect(told).toHaveLength(7);
  for (const row of [0, 1, 2, 3]) expect(told[row]).toMatchObject({ sha256: shaOf(whole[row]) });
  for (const row of [4, 5])
    expect(told[row]).toEqual({
      path: `${third}/${row}`,
      text: expect.stringContaining(problemOf(third, 'rows 4 to 5 are broken (')) as string,
    });
  expect(told[6]).toMatchObject({ text: expect.stringContaining('row 6 of') as string });
});

test('whatever bytes are broken, what comes is rows', async () => {
  let state = 1;
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const names = ['hf.parquet', 'groups.parquet', 'large_gzip.parquet', 'pages.parquet'];
  for (let at = 0; at < 200; at++) {
    const bytes = Buffer.from(readFileSync(join(BATCH, names[at % names.length] as string)));
    for (let times = 0; times < 3; times++) bytes[random(bytes.length)] = random(256);
    const told = await toldOf(picturesInParquet(written('any.parquet', bytes), null));
    expect(told.length).toBeGreaterThan(0);
  }
});

describe('while it is read', () => {
  const path = join(folder, 'many.parquet');
  beforeAll(() => copyFileSync(join(BATCH, 'many.parquet'), path));
  const handles = () =>
    readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === path;
      } catch {
        return false;
      }
    }).length;

  test('the file is open, and closed where somebody stops on the way', async () => {
    for await (const each of picturesInParquet(path, null)) {
      expect(each.path).toBe(`${path}/0`);
      expect(handles()).toBe(1);
      break;
    }
    expect(handles()).toBe(0);
  });

  test('the signal ends it with its reason', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    let rows = 0;
    const run = async () => {
      for await (const each of picturesInParquet(path, null, controller.signal)) {
        expect(each.image).toBeInstanceOf(Uint8Array);
        if (++rows === 5) controller.abort(reason);
      }
    };
    await expect(run()).rejects.toBe(reason);
    expect(rows).toBe(5);
    expect(handles()).toBe(0);
  });
});
