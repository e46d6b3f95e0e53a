// examples/search: a store that keeps in step with folders, and what is nearest in it.
import { copyFileSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { BitConfig, BitImageProcessor, BitModel, pipeline } from '../../lib';
import { rawBytes } from '../support/pictures';
import { temporaryFolder } from '../support/temporary';
import { copyExample, EXAMPLES, runExample } from './copied';

jest.setTimeout(120_000);

const folder = temporaryFolder();
const example = copyExample('search', folder);
const PICTURES = join(EXAMPLES, 'pictures');
const NAMES = ['boat.jpg', 'cat.jpg', 'coffee.jpg'];

const run = (...args: string[]) => runExample(example, ['index.mjs', ...args]);

let places = 0;
/** A folder of its own, with the example pictures in it and in a folder below. */
function place(): { pictures: string; store: string; file: (name: string) => string } {
  const pictures = join(folder, `place${places++}`);
  mkdirSync(join(pictures, 'below'), { recursive: true });
  for (const name of NAMES) copyFileSync(join(PICTURES, name), join(pictures, 'below', name));
  writeFileSync(join(pictures, 'notes.txt'), 'no picture');
  return { pictures, store: `${pictures}.db`, file: (name) => join(pictures, 'below', name) };
}

/** What find told: paths with similarities. */
function rowsOf(stdout: string): [string, number][] {
  const lines = stdout.trimEnd().split('\n');
  return lines.map((line) => [line.slice(7), Number(line.slice(0, 5))]);
}

test('finds what is most like a picture, by the cosine between the pipeline’s embeddings', async () => {
  const { pictures, store, file } = place();
  const added = await run('add', pictures, '--store', store);
  expect(added).toEqual({
    code: 0,
    stdout: '3 added, 0 changed, 0 unchanged, 0 forgotten, 0 unreadable; 3 pictures in the store\n',
    stderr: '',
  });
  const { stdout } = await run('find', file('boat.jpg'), '-n', '3', '--store', store);

  await using embed = await pipeline('image-feature-extraction');
  const features = await Promise.all(
    NAMES.map(async (name) => (await embed(file(name), { pool: true })).data),
  );
  const dot = (a: Float32Array, b: Float32Array) =>
    a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
  const [boat] = features as [Float32Array];
  const expected = features
    .map((each, i): [string, number] => [
      file(NAMES[i] as string),
      dot(boat, each) / Math.sqrt(dot(boat, boat) * dot(each, each)),
    ])
    .sort(([, a], [, b]) => b - a);
  const found = rowsOf(stdout);
  expect(found.map(([path]) => path)).toEqual(expected.map(([path]) => path));
  found.forEach(([, similarity], i) =>
    expect(similarity).toBeCloseTo((expected[i] as [string, number])[1], 2),
  );
  const { stdout: one } = await run('find', file('cat.jpg'), '-n', '1', '--store', store);
  expect(rowsOf(one)).toEqual([[file('cat.jpg'), 1]]);
});

test('of many copies of a picture each one is found', async () => {
  const { pictures, store, file } = place();
  for (let i = 0; i < 40; i++)
    for (const name of ['boat', 'cat'])
      copyFileSync(join(PICTURES, `${name}.jpg`), join(pictures, `${name} ${i}.jpg`));
  await run('add', pictures, '--store', store);
  const { stdout } = await run('find', file('cat.jpg'), '-n', '1000', '--store', store);
  const found = rowsOf(stdout);
  expect(found).toHaveLength(83);
  for (const [path, similarity] of found.slice(0, 41)) {
    expect(path).toContain('cat');
    expect(similarity).toBe(1);
  }
});

describe('a store keeps in step', () => {
  const { pictures, store, file } = place();
  const add = async () => {
    const { stdout, stderr, code } = await run('add', pictures, '--store', store);
    const [counts = ''] = stdout.split(';');
    return { code, stderr, counts };
  };
  const told = (added: number, changed: number, unchanged: number, gone: number, bad: number) =>
    `${added} added, ${changed} changed, ${unchanged} unchanged, ${gone} forgotten, ${bad} unreadable`;
  const best = async (picture: string) => {
    const { stdout } = await run('find', picture, '-n', '1', '--store', store);
    return rowsOf(stdout)[0];
  };

  test('skips what is there', async () => {
    expect((await add()).counts).toBe(told(3, 0, 0, 0, 0));
    expect((await add()).counts).toBe(told(0, 0, 3, 0, 0));
  });

  test('replaces what has changed', async () => {
    copyFileSync(file('coffee.jpg'), file('cat.jpg'));
    utimesSync(file('cat.jpg'), 1, 1);
    expect((await add()).counts).toBe(told(0, 1, 2, 0, 0));
    const [, similarity] = (await best(join(PICTURES, 'cat.jpg'))) as [string, number];
    expect(similarity).toBeLessThan(0.99);
  });

  test('forgets what is gone, in the folders that it is given alone', async () => {
    const other = place();
    expect((await run('add', other.pictures, '--store', store)).code).toBe(0);
    rmSync(file('boat.jpg'));
    rmSync(other.file('boat.jpg'));
    expect((await add()).counts).toBe(told(0, 0, 2, 1, 0));
    expect((await best(join(PICTURES, 'boat.jpg')))?.[0]).toBe(other.file('boat.jpg'));
  });

  test('tells of what it cannot read, forgets what it was, and does the rest', async () => {
    writeFileSync(file('cat.jpg'), 'no picture any more');
    copyFileSync(join(PICTURES, 'boat.jpg'), file('new.jpg'));
    const { code, stderr, counts } = await add();
    expect([code, counts]).toEqual([1, told(1, 0, 1, 0, 1)]);
    expect(stderr).toMatch(/^[^\n]*cat\.jpg[^\n]*it is no picture[^\n]*\n$/);
    const { stdout } = await run('find', file('new.jpg'), '-n', '10', '--store', store);
    expect(stdout).not.toContain(file('cat.jpg'));
  });
});

test('what was read before Ctrl+C stays; the next run does the rest alone', async () => {
  const { store } = place();
  const many = join(folder, 'many');
  mkdirSync(many);
  const COUNT = 1500;
  const boat = readFileSync(join(PICTURES, 'boat.jpg'));
  for (let i = 0; i < COUNT; i++) writeFileSync(join(many, `${i}.jpg`), boat);
  const first = await runExample(example, ['index.mjs', 'add', many, '--store', store], {
    // It says nothing while it works: as soon as the store is there.
    during: (child) => {
      const timer = setInterval(() => {
        try {
          readFileSync(`${store}-wal`);
        } catch {
          return;
        }
        clearInterval(timer);
        setTimeout(() => child.kill('SIGINT'), 300);
      }, 10);
    },
  });
  expect(first).toEqual({
    code: 130,
    stdout: '',
    stderr: 'Interrupted; what was added stays, and the next run goes on from there\n',
  });
  const { stdout } = await run('add', many, '--store', store);
  const [added, , unchanged] = (stdout.match(/\d+/g) as string[]).map(Number);
  expect((added as number) + (unchanged as number)).toBe(COUNT);
  expect(added).toBeGreaterThan(0);
  expect(unchanged).toBeGreaterThan(0);
});

test('two runs on one store at once both add', async () => {
  const [one, other] = [place(), place()];
  const runs = await Promise.all(
    [one, other].map(({ pictures }) => run('add', pictures, '--store', one.store)),
  );
  expect(runs.map(({ stderr }) => stderr)).toEqual(['', '']);
  const { stdout } = await run('find', one.file('cat.jpg'), '-n', '10', '--store', one.store);
  expect(rowsOf(stdout)).toHaveLength(6);
});

test('another model is refused, in words that help', async () => {
  const { pictures, store } = place();
  await run('add', pictures, '--store', store);
  const model = join(folder, 'model');
  const config = new BitConfig({
    embeddingSize: 8,
    hiddenSizes: [8, 16],
    depths: [1, 1],
    numGroups: 4,
  });
  await using other = await BitModel.fromConfig(config, { seed: 1 });
  await other.savePretrained(model);
  await new BitImageProcessor({ size: { shortestEdge: 32 } }).savePretrained(model);
  const refused = await run('find', join(PICTURES, 'boat.jpg'), '--store', store, '--model', model);
  expect(refused).toEqual({
    code: 1,
    stdout: '',
    stderr:
      `${store} has embeddings of bit-mini-scenes (448 numbers each), not of ${model} (16): ` +
      'give that model by --model, or another file by --store\n',
  });
  const own = await run('add', pictures, '--store', `${store}2`, '--model', model);
  expect(own.stdout).toMatch(/^3 added/);
});

test('a hundred pictures: each is found by itself', async () => {
  const { store } = place();
  const noise = join(folder, 'noise');
  mkdirSync(noise);
  const names = Array.from({ length: 100 }, (_, i) => join(noise, `${i}.png`));
  for (const [i, name] of names.entries()) {
    const raw = { width: 8, height: 8, channels: 3 as const };
    const small = sharp(Buffer.from(rawBytes(8 * 8 * 3, i + 1)), { raw });
    await small.resize(64, 64, { kernel: 'cubic' }).toFile(name);
  }
  await run('add', noise, '--store', store);
  for (const name of names.slice(0, 5)) {
    const { stdout } = await run('find', name, '-n', '1', '--store', store);
    expect(rowsOf(stdout)).toEqual([[name, 1]]);
  }
});

test.each([
  [[], 2, /^node index\.mjs add FOLDER/],
  [['add'], 2, /^node index\.mjs add FOLDER/],
  [['find', 'a.jpg', 'b.jpg'], 2, /^node index\.mjs add FOLDER/],
  [['find', 'a.jpg', '-n', '0'], 2, /^-n is a number from 1 to 1000, not 0\n$/],
  [['add', '--no-such'], 2, /^Unknown option '--no-such'/],
  [['add', 'nowhere', '--store', 'w.db'], 1, /^There is no folder nowhere\n$/],
  [['find', 'a.jpg', '--store', 'none.db'], 1, /^There is no store none\.db yet: [^\n]*\n$/],
  [
    ['find', 'a.jpg', '--store', 'index.mjs'],
    1,
    /^index\.mjs cannot be opened as a store of pictures: [^\n]*\n$/,
  ],
  [['find', 'nothing.jpg', '--store', 'w.db'], 1, /^Cannot read nothing\.jpg: no such file\n$/],
])('%j: exit code %d', async (args, code, words) => {
  const outcome = await run(...args);
  expect(outcome).toMatchObject({ code, stdout: '' });
  expect(outcome.stderr).toMatch(words);
});
