// `bigtransfer explain`: which files it writes, and what it tells of them.
import { mkdirSync, readdirSync, readFileSync, writeFileSync, cpSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import sharp from 'sharp';
import { classActivationMap, pipeline } from '../../lib';
import { temporaryFolder } from '../support/temporary';
import { bigtransfer, PICTURES } from './run';

const folder = temporaryFolder();
const BOAT = join(PICTURES, 'boat.jpg');
let out: string;
let count = 0;
beforeEach(() => {
  out = join(folder, 'made', `pictures ${count++}`);
});

interface Document {
  results: {
    path: string;
    explanations: { label: string; index: number; score: number; file: string; map: number[][] }[];
  }[];
  failed: { path: string; code: string; message: string }[];
}

const json = async (args: string[]) => {
  const { code, stdout, stderr } = await bigtransfer(['explain', '--json', '--out', out, ...args]);
  return { code, stderr, ...(JSON.parse(stdout) as Document) };
};

test('a picture for each image, named after it and its best label', async () => {
  await using classify = await pipeline('image-classification', null, { topK: 1 });
  // What a photograph is taken for is the model's own affair: it was never shown one.
  const [coffee] = await classify(join(PICTURES, 'coffee.jpg'));
  const { code, stdout, stderr } = await bigtransfer(['explain', PICTURES, '--out', out]);
  expect([code, stderr]).toEqual([0, '']);
  expect(readdirSync(out)).toEqual(['boat.boat.png', 'cat.cat.png', `coffee.${coffee?.label}.png`]);
  const lines = stdout.trimEnd().split('\n');
  expect(lines[0]).toBe(BOAT);
  expect(lines[1]).toMatch(/^ {2}0\.9\d{3} {2}boat {2}\S.*boat\.boat\.png$/);
  const { width, height, format } = await sharp(join(out, 'boat.boat.png')).metadata();
  const given = await sharp(BOAT).metadata();
  expect([width, height, format]).toEqual([given.width, given.height, 'png']);
});

test('--json has the maps, and the files are what classActivationMap() draws', async () => {
  const args = [BOAT, '--target', 'cat', '--target', '2', '--max-side', '60', '--no-against'];
  const { code, results, failed } = await json([...args, '--color', '--opacity', '1']);
  expect([code, failed]).toEqual([0, []]);
  const explanations = results[0]?.explanations ?? [];
  expect(explanations.map(({ label, index }) => [label, index])).toEqual([
    ['cat', 5],
    ['boat', 2],
  ]);
  await using classify = await pipeline('image-classification');
  const activation = await classActivationMap(classify, BOAT, { target: ['cat', 'boat'] });
  expect(explanations.map(({ map }) => map)).toEqual((activation.maps.toArray() as unknown[])[0]);
  const drawing = { maxSide: 60, against: false, grey: false, opacity: 1 };
  for (const [target, { file }] of explanations.entries())
    expect(readFileSync(file)).toEqual(await activation.overlay(0, { ...drawing, target }));
});

test('--top-k and --on input', async () => {
  const { results } = await json([BOAT, '--top-k', '2', '--on', 'input']);
  const [first, second] = results[0]?.explanations ?? [];
  expect(first?.score).toBeGreaterThan(second?.score ?? 1);
  const { width, height } = await sharp(second?.file).metadata();
  expect([width, height]).toEqual([96, 96]);
});

test('pictures of one name do not take each other\u2019s place, whatever the case of letters', async () => {
  for (const [sub, name] of [
    ['a', 'Boat.jpg'],
    ['b', 'boat.jpg'],
    ['c', 'boat.jpg'],
  ] as const) {
    mkdirSync(join(folder, sub), { recursive: true });
    cpSync(BOAT, join(folder, sub, name));
  }
  const { results } = await json(['a', 'b', 'c'].map((sub) => join(folder, sub)));
  const names = results.map(({ explanations }) => explanations[0]?.file);
  expect(names).toEqual(
    ['Boat.boat.png', 'boat.boat-2.png', 'boat.boat-3.png'].map((name) => join(out, name)),
  );
  expect(readdirSync(out).sort()).toEqual(['Boat.boat.png', 'boat.boat-2.png', 'boat.boat-3.png']);
});

test('images in URLs have names too', async () => {
  const url = `data:image/jpeg;base64,${readFileSync(BOAT).toString('base64')}`;
  const { results } = await json([url, new URL(`file://${join(PICTURES, 'cat.jpg')}`).href]);
  expect(results.map(({ explanations }) => explanations[0]?.file)).toEqual([
    join(out, 'picture.boat.png'),
    join(out, 'cat.cat.png'),
  ]);
});

test('what cannot be read is told of, and the rest is done', async () => {
  writeFileSync(join(folder, 'broken.png'), 'no picture');
  const { code, stderr, results, failed } = await json([
    BOAT,
    join(folder, 'broken.png'),
    join(PICTURES, 'cat.jpg'),
  ]);
  expect(code).toBe(1);
  expect(results.map(({ path }) => path)).toEqual([BOAT, join(PICTURES, 'cat.jpg')]);
  expect(failed).toMatchObject([{ path: join(folder, 'broken.png'), code: 'ERR_BIT_IMAGE' }]);
  expect(stderr).toContain('1 of 3 failed');
});

test.each([
  [
    ['--target', 'baot'],
    /one of the model's labels .* \(did you mean 'boat'\?\)\ncode: ERR_BIT_CONFIG/,
  ],
  [['--target', '16'], /a class from 0 to 15/],
])('%j ends it', async (args, message) => {
  const { code, stderr } = await bigtransfer(['explain', BOAT, '--out', out, ...args]);
  expect(code).toBe(1);
  expect(stderr).toMatch(message);
  expect(readdirSync(out)).toEqual([]);
});

test.each([
  [[], /required option '--out <dir>'/],
  [
    ['--out', 'x', '--target', 'boat', '--top-k', '2'],
    /'--target <class>' cannot be used with option '--top-k <n>'/,
  ],
  [['--out', 'x', '--opacity', '2'], /Expected a number from 0 to 1/],
  [['--out', 'x', '--opacity', ''], /Expected a number from 0 to 1/],
  [['--out', 'x', '--on', 'both'], /Allowed choices are original, input/],
])('%j is wrong usage: 2', async (args, message) => {
  const { code, stderr } = await bigtransfer(['explain', BOAT, ...args]);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
});

test('a place that cannot be written to is named, and what was there stays', async () => {
  writeFileSync(join(folder, 'a file'), 'mine');
  const { code, stderr } = await bigtransfer(['explain', BOAT, '--out', join(folder, 'a file')]);
  expect(code).toBe(1);
  expect(stderr).toContain(`Cannot write ${join(folder, 'a file')}`);
  expect(readFileSync(join(folder, 'a file'), 'utf8')).toBe('mine');
  // A folder under the picture's name, which nobody may replace by a file.
  mkdirSync(join(out, 'boat.boat.png'), { recursive: true });
  const second = await bigtransfer(['explain', BOAT, '--out', out]);
  expect(second.code).toBe(1);
  expect(second.stderr).toContain(`Cannot write ${join(out, 'boat.boat.png')}`);
  expect(readdirSync(out)).toEqual(['boat.boat.png']);
});

test('names that no file here may have are shortened, and what is no UTF-8 is kept as it is', async () => {
  const long = join(folder, `${'漢'.repeat(80)}.jpg`);
  cpSync(BOAT, long);
  const server = createServer((_, response) => response.end(readFileSync(BOAT)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/b%E9.jpg`;
    const { code, results } = await json([long, url, BOAT]);
    expect(code).toBe(0);
    expect(results.map(({ explanations }) => explanations[0]?.file)).toEqual(
      [`${'漢'.repeat(26)}.boat.png`, 'b_E9.boat.png', 'boat.boat.png'].map((name) =>
        join(out, name),
      ),
    );
  } finally {
    server.close();
  }
});

test('a folder that the system does not take ends it at once', async () => {
  const { code, stderr } = await bigtransfer(['explain', BOAT, '--out', '/proc/x/y']);
  expect(code).toBe(1);
  expect(stderr).toContain('Cannot write /proc/x/y: there is no such folder');
});

test('many images at once are no leak to warn of', async () => {
  const warned = jest.spyOn(process, 'emitWarning').mockReturnValue();
  const many = join(folder, 'many');
  mkdirSync(many);
  for (let i = 0; i < 12; i++) cpSync(BOAT, join(many, `${i}.jpg`));
  expect((await json([many, '--max-side', '8'])).results).toHaveLength(12);
  expect(warned.mock.calls).toEqual([]);
  warned.mockRestore();
});

test.each([
  ['a:b*c?.jpg', 'a_b_c_.boat.png'],
  ['?? #1 – ok.jpg', '_ _1 _ ok.boat.png'],
  [' spaces .jpg', 'spaces.boat.png'],
  ['Ünï-cod_é 2.jpg', 'Ünï-cod_é 2.boat.png'],
])('%p gives a name that any file system takes: %p', async (given, name) => {
  cpSync(BOAT, join(folder, given));
  const { results } = await json([join(folder, given)]);
  expect(results[0]?.explanations[0]?.file).toBe(join(out, name));
});
