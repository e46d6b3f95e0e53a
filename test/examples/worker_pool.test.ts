// examples/worker-pool: what workers tell of pictures, on one model for all of them.
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { pipeline } from '../../lib';
import { temporaryFolder } from '../support/temporary';
import { copyExample, EXAMPLES, runExample } from './copied';

jest.setTimeout(120_000);

const folder = temporaryFolder();
const example = copyExample('worker-pool', folder);
const PICTURES = join(EXAMPLES, 'pictures');
const run = (...args: string[]) => runExample(example, ['index.mjs', ...args]);

/** A grey picture, lossless, of what `value` says of each pixel. */
async function draw(path: string, side: number, value: (x: number, y: number) => number) {
  const data = Buffer.alloc(side * side * 3);
  for (let i = 0; i < data.length; i++) {
    const pixel = Math.floor(i / 3);
    data[i] = value(pixel % side, Math.floor(pixel / side));
  }
  await sharp(data, { raw: { width: side, height: side, channels: 3 } }).toFile(path);
}

interface Row {
  label: string;
  score: number;
  sharpness: number;
  fingerprint: string;
}

/** `path: label score %, sharpness N, fingerprint` by the file's name. */
function rowsOf(stdout: string): Record<string, Row> {
  const row = /^.*[/\\]([^/\\]+): (\S+) (\d+\.\d) %, sharpness (\d+), ([\da-f]{16})$/gm;
  return Object.fromEntries(
    [...stdout.matchAll(row)].map(
      ([, name = '', label = '', score, sharpness, fingerprint = '']) => [
        name,
        { label, score: Number(score), sharpness: Number(sharpness), fingerprint },
      ],
    ),
  );
}

test('labels are those of the pipeline, whatever the number of workers', async () => {
  await using classify = await pipeline('image-classification');
  for (const threads of ['1', '3']) {
    const { code, stdout, stderr } = await run(PICTURES, '--threads', threads);
    expect([code, stderr]).toEqual([0, '']);
    const rows = rowsOf(stdout);
    expect(Object.keys(rows)).toEqual(['boat.jpg', 'cat.jpg', 'coffee.jpg']);
    for (const [name, row] of Object.entries(rows)) {
      const [best] = await classify(join(PICTURES, name));
      expect(row.label).toBe(best?.label);
      // To the digit that is told: sharp and libjpeg-turbo decode to the same pixels.
      expect(row.score).toBeCloseTo(100 * (best?.score ?? NaN), 1);
    }
    expect(stdout).toContain(`3 pictures, 0 unreadable, by ${threads} workers\n`);
  }
});

test('sharpness and fingerprints are what their definitions say', async () => {
  const drawn = join(folder, 'drawn');
  mkdirSync(drawn);
  await draw(join(drawn, 'flat.png'), 90, () => 77);
  await draw(join(drawn, 'brighter.png'), 90, (x) => 2 * x);
  await draw(join(drawn, 'darker.png'), 90, (x) => 200 - 2 * x);
  await draw(join(drawn, 'chequered.png'), 90, (x, y) => ((x + y) % 2 === 0 ? 0 : 10));
  const rows = rowsOf((await run(drawn)).stdout);
  // No cell is brighter than the one before; each is.
  expect(rows['flat.png']).toMatchObject({ sharpness: 0, fingerprint: '0'.repeat(16) });
  expect(rows['brighter.png']).toMatchObject({ sharpness: 0, fingerprint: 'f'.repeat(16) });
  expect(rows['darker.png']).toMatchObject({ sharpness: 0, fingerprint: '0'.repeat(16) });
  // The Laplacian is 4 x 10 or -4 x 10, as often the one as the other.
  expect(rows['chequered.png']).toMatchObject({ sharpness: 1600 });
});

test('pictures of many rounds are all told, in order, on one model', async () => {
  const { stdout } = await run(PICTURES, '--repeat', '20', '--threads', '2');
  const names = [...stdout.matchAll(/(\w+)\.jpg: /g)].map(([, name]) => name);
  const round = ['boat', 'cat', 'coffee'];
  expect(names).toEqual(Array.from({ length: 20 }, () => round).flat());
  expect(stdout).toMatch(
    /^60 pictures, 0 unreadable, by 2 workers\n\d+\.\d images\/s, \d+\.\d in a batch\n/m,
  );
  const [, model, before, after] = (
    /memory: model (\d+) MB, once; process (\d+) MB before the workers, (\d+) MB/.exec(stdout) ?? []
  ).map(Number) as [number, number, number, number];
  expect(model).toBeLessThan(before);
  expect(before).toBeLessThan(after);
});

test('what cannot be read is told, and the rest is done', async () => {
  const mixed = join(folder, 'mixed');
  mkdirSync(mixed);
  copyFileSync(join(PICTURES, 'boat.jpg'), join(mixed, 'boat.jpg'));
  writeFileSync(join(mixed, 'bad.jpg'), 'no picture');
  writeFileSync(join(mixed, 'notes.txt'), 'no picture');
  const { code, stdout, stderr } = await run(mixed, '--quiet');
  expect(code).toBe(1);
  expect(stderr).toMatch(/^[^\n]*bad\.jpg: [^\n]*\n$/);
  expect(stdout).toMatch(/^2 pictures, 1 unreadable/);
});

test.each([
  [[], 2, /^Which folders\?\nnode index\.mjs FOLDER/],
  [['.', '--threads', '0'], 2, /^--threads is a whole number from 1 on, not 0\n/],
  [['.', '--no-such'], 2, /^Unknown option '--no-such'/],
  [['nowhere'], 1, /^ENOENT: no such file or directory[^\n]*nowhere[^\n]*\n$/],
  [['.', '--model', './nowhere'], 1, /^There is nothing at '\.\/nowhere'[^\n]*\n$/],
])('%j: exit code %d', async (args, code, words) => {
  const outcome = await run(...args);
  expect(outcome).toMatchObject({ code, stdout: '' });
  expect(outcome.stderr).toMatch(words);
});
