// evaluate(): which part of which data is measured, and what is refused.
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BitConfig, evaluate, type Dataset } from '../../lib';
import { failure } from '../support/queue';
import { temporaryFolder } from '../support/temporary';
import { stripes, tinyModel } from '../support/training';

const folder = temporaryFolder();
const LABELS = ['narrow', 'wide', 'wider'];
let model: string;
let data: string;
beforeAll(async () => {
  model = await tinyModel(folder);
  const config = await BitConfig.fromPretrained(model);
  await config.with({ id2label: { ...LABELS } }).savePretrained(model);
  data = stripes(folder, { narrow: 6, wide: 4, wider: 2 });
});

const listed = (labels = LABELS, target: Dataset['examples'][number]['target'] = 1): Dataset => {
  const path = join(data, 'wide', '000.ppm');
  return {
    problemType: 'single_label_classification',
    ...{ labels, examples: [{ path, image: path, target }], problems: [] },
  };
};

test('of a folder of classes, all of it, with the model’s labels', async () => {
  const seen: string[] = [];
  const result = await evaluate(model, data, {
    onExample: (done, total) => seen.push(`${done}/${total}`),
  });
  expect(result).toMatchObject({
    examples: 12,
    problemType: 'single_label_classification',
    problems: [],
  });
  expect(seen).toEqual(Array.from({ length: 12 }, (_, i) => `${i + 1}/12`));
  if (result.problemType !== 'single_label_classification') throw new Error('another measure');
  expect(result.perClass.map(({ label, support }) => [label, support])).toEqual([
    ['narrow', 6],
    ['wide', 4],
    ['wider', 2],
  ]);
});

test('some of it, each class in proportion', async () => {
  const result = await evaluate(model, data, { maxEvalSamples: 6 });
  if (result.problemType !== 'single_label_classification') throw new Error('another measure');
  expect(result.perClass.map(({ support }) => support)).toEqual([3, 2, 1]);
});

test('of several parts the validation, else the test, or the one that is asked for', async () => {
  const parts = join(folder, 'parts');
  cpSync(data, join(parts, 'train'), { recursive: true });
  cpSync(join(data, 'wide'), join(parts, 'test', 'wide'), { recursive: true });
  expect((await evaluate(model, parts)).examples).toBe(4);
  cpSync(join(data, 'wider'), join(parts, 'val', 'wider'), { recursive: true });
  expect((await evaluate(model, parts)).examples).toBe(2);
  expect((await evaluate(model, parts, { split: 'test' })).examples).toBe(4);
  expect((await evaluate(model, parts, { split: 'train' })).examples).toBe(12);
  expect(await failure(evaluate(model, data, { split: 'test' }))).toContain('ERR_BIT_CONFIG');
});

test('what is wrong with the data is told, that of reading them first', async () => {
  const table = join(folder, 'table.csv');
  const rows = [
    `${join(data, 'wide', '000.ppm')},wide`,
    'nowhere.ppm,narrow',
    `${join(data, 'wide', '001.ppm')},`,
  ];
  writeFileSync(table, ['path,label', ...rows].join('\n'));
  const { examples, problems } = await evaluate(model, table);
  expect(examples).toBe(1);
  expect(problems.map(({ path }) => path)).toEqual([
    join(data, 'wide', '001.ppm'),
    expect.stringContaining('nowhere.ppm'),
  ]);
});

test('a data set of the caller’s own, where its labels are the model’s in their order', async () => {
  expect(await evaluate(model, listed())).toMatchObject({ examples: 1 });
  for (const labels of [['wide', 'narrow', 'wider'], LABELS.slice(0, 2), [...LABELS, 'more']])
    expect(await failure(evaluate(model, listed(labels)))).toMatch(
      /^ERR_BIT_CONFIG: Expected those of the model, .* for labels of the data but received /,
    );
  expect(await failure(evaluate(model, listed(LABELS, 3)))).toMatch(/^ERR_BIT_SHAPE: .*target of/);
});

test('labels that the model does not have are named', async () => {
  const other = stripes(join(folder, 'other'), { narrow: 1, odd: 1 });
  expect(await failure(evaluate(model, other))).toMatch(/^ERR_BIT_CONFIG: .*odd/);
});

test.each([
  [5, {}, 'Expected a path or a data set for data'],
  [{ examples: [], labels: [] }, {}, 'Expected a path or a data set for data'],
  ['x', { split: 'val' }, "Expected one of 'train', 'validation', 'test' for split"],
  ['x', { maxEvalSamples: 0 }, 'for maxEvalSamples but received 0'],
  ['x', { mistake: 3 }, "Unknown option 'mistake'; did you mean 'mistakes'?"],
])('wrong arguments are refused: %j, %j', async (of, options, message) => {
  expect(await failure(evaluate(model, of as string, options as object))).toContain(
    message.split(';')[0],
  );
});

test('ends by its signal', async () => {
  const reason = new Error('enough');
  await expect(evaluate(model, data, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});
