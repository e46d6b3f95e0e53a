// A tree of pictures as a data set: which folders are classes, and that the list can be learnt from.
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fineTune } from '../../lib';
import { readDataset } from '../../lib/training/data/read_dataset';
import { ROOT, runNode } from '../support/child';
import { temporaryFolder } from '../support/temporary';
import { tinyModel } from '../support/training';

const PROGRAM = join(ROOT, 'examples', 'clip-art', 'list.js');
const BOAT = join(ROOT, 'examples', 'pictures', 'boat.jpg');
const USAGE = /^usage: node examples\/clip-art\/list\.js FOLDER \[LEAST PER CLASS\] > .*\n$/;

/** In the order of their code units, as labels are. */
const CLASSES = {
  'fruit/it\'s «a» "fig"': ['1.jpg', 'b "quoted".JPEG', "c's.jpg"],
  'things/keys': ['ключ.jpg', 'new\nline.jpg', '鍵.Jpg', 'z.jpg'],
};
/** Neither pictures nor of classes. */
const OTHERS = ['fruit/alone.jpg', 'fruit/notes.txt', 'things/keys/key.svg', 'things/keys/jpg'];

const folder = temporaryFolder();
const tree = join(folder, 'a tree');
const list = (...args: string[]) => runNode([PROGRAM, ...args], { cwd: folder });

beforeAll(() => {
  const files = Object.entries(CLASSES).flatMap(([label, names]) =>
    names.map((name) => `${label}/${name}`),
  );
  for (const file of [...files, ...OTHERS]) {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    if (/\.jpe?g$/i.test(file)) cpSync(BOAT, join(tree, file));
    else writeFileSync(join(tree, file), 'no picture');
  }
  mkdirSync(join(tree, 'links'));
  for (const name of ['1.jpg', '2.jpg', '3.jpg']) symlinkSync(BOAT, join(tree, 'links', name));
  symlinkSync(join(tree, 'things'), join(tree, 'same things'));
  mkdirSync(join(tree, 'things', 'folder.jpg'));
});

const rowsOf = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { path: string; label: string });
const expected = Object.entries(CLASSES).flatMap(([label, names]) =>
  [...names].sort().map((name) => ({ path: join(tree, label, name), label })),
);

test('folders with enough pictures of their own are classes, named after their paths', async () => {
  const { code, stdout, stderr } = await list('a tree', '3');
  expect([code, stderr]).toEqual([0, '']);
  expect(rowsOf(stdout)).toEqual(expected);
  const fewer = await list(tree, '4');
  expect(rowsOf(fewer.stdout)).toEqual(expected.filter(({ label }) => label === 'things/keys'));
  const all = await list(tree, '1');
  expect(new Set(rowsOf(all.stdout).map(({ label }) => label))).toEqual(
    new Set([...Object.keys(CLASSES), 'fruit']),
  );
});

test('twenty are enough unless told otherwise, and those beside the folders have its name', async () => {
  expect(await list(tree)).toEqual({ code: 0, stdout: '', stderr: '' });
  const flat = join(folder, 'flat');
  mkdirSync(flat);
  for (let i = 0; i < 20; i++) cpSync(BOAT, join(flat, `${i}.png`));
  const { stdout } = await runNode([PROGRAM, '.'], { cwd: flat });
  expect(rowsOf(stdout).map(({ label }) => label)).toEqual(
    Array.from({ length: 20 }, () => 'flat'),
  );
});

test('what it prints is read as a data set, and learnt from', async () => {
  const table = join(folder, 'pictures.jsonl');
  writeFileSync(table, (await list(tree, '3')).stdout);
  const dataset = await readDataset(table, {});
  const labels = Object.keys(CLASSES);
  expect(dataset).toMatchObject({ problemType: 'single_label_classification', labels });
  expect(
    dataset.examples.map(({ path, target }) => ({ path, label: labels[target as number] })),
  ).toEqual(expected);
  const output = join(folder, 'model');
  const running = fineTune(await tinyModel(folder), table, {
    ...{ output, headOnly: true, validation: null, report: false },
  });
  expect(await running.result()).toMatchObject({ trainExamples: 7, problems: [] });
});

test.each([[[]], [['a tree', '0']], [['a tree', 'many']], [['a tree', '2.5']], [['a', '2', 'b']]])(
  'wrong usage says what is right, and ends with 2: %j',
  async (args) => {
    const { code, stdout, stderr } = await list(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(USAGE);
  },
);

test('a folder that is not there ends with 1', async () => {
  const { code, stdout, stderr } = await list('nowhere');
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^ENOENT: no such file or directory, .*nowhere'\n$/);
});
