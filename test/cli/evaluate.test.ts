// `bigtransfer evaluate`: what it prints of measures, and how it ends.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BitConfig, evaluate, type Evaluated } from '../../lib';
import { evaluationInWords, problemLines } from '../../lib/cli/evaluate';
import { temporaryFolder } from '../support/temporary';
import { stripes, tinyModel } from '../support/training';
import { bigtransfer } from './run';

const folder = temporaryFolder();
let model: string;
let data: string;
beforeAll(async () => {
  model = await tinyModel(folder);
  const config = await BitConfig.fromPretrained(model);
  const id2label = { 0: 'narrow', 1: 'wide', 2: 'wider' };
  await config.with({ id2label }).savePretrained(model);
  data = stripes(folder, { narrow: 5, wide: 4, wider: 3 });
});

test('measures in words, a table of classes, and what is taken for what', async () => {
  const { code, stdout, stderr } = await bigtransfer(['evaluate', model, data]);
  expect([code, stderr]).toEqual([0, '']);
  const result = await evaluate(model, data);
  if (result.problemType !== 'single_label_classification') throw new Error('another measure');
  const lines = stdout.trimEnd().split('\n');
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
  const [low, high] = result.interval!;
  expect(lines[0]).toBe(
    `12 examples: accuracy ${percent(result.accuracy!)} (${percent(low)} to ${percent(high)}), ` +
      `loss ${result.loss!.toPrecision(4)}`,
  );
  expect(lines[2]).toMatch(/^class +precision +recall +F1 +examples$/);
  const cells = lines.slice(3, 6).map((line) => line.split(/ {2,}/));
  expect(cells.map(([label, , , , support]) => [label, support])).toEqual([
    ['narrow', '5'],
    ['wide', '4'],
    ['wider', '3'],
  ]);
  expect(cells.map(([, , recall]) => recall)).toEqual(
    result.perClass.map(({ recall }) => (recall === null ? '-' : percent(recall))),
  );
  const [{ count, target, predicted }] = result.confusions as [(typeof result.confusions)[0]];
  expect(stdout).toContain(
    `Taken for others most often:\n  ${count} of ${target} for ${predicted}`,
  );
  expect(lines.at(-1)).toBe(`Calibration error ${percent(result.calibration.ece!)}`);
});

test('--json is what evaluate() gives', async () => {
  const { code, stdout } = await bigtransfer(['evaluate', model, data, '--json']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(await evaluate(model, data))));
});

test('--split, --max-eval-samples and columns of a table', async () => {
  const parts = join(folder, 'parts');
  for (const part of ['train', 'test']) {
    mkdirSync(join(parts, part), { recursive: true });
    const rows = ['wide', 'narrow'].map((label) => `${join(data, label, '000.ppm')},${label}`);
    const cells = part === 'train' ? rows : rows.slice(1);
    writeFileSync(join(parts, part, 'metadata.csv'), ['where,what', ...cells].join('\n'));
  }
  const columns = ['--path-column', 'where', '--label-column', 'what', '--json'];
  const examples = async (...more: string[]) => {
    const { stdout } = await bigtransfer(['evaluate', model, parts, ...columns, ...more]);
    return (JSON.parse(stdout) as Evaluated).examples;
  };
  expect(await examples()).toBe(1);
  expect(await examples('--split', 'train')).toBe(2);
  expect(await examples('--split', 'train', '--max-eval-samples', '1')).toBe(1);
});

test('what is left out is noted, ten of them at most, and cannot steer the terminal', async () => {
  const table = join(folder, 'table.csv');
  const gone = Array.from({ length: 12 }, (_, i) => `gone${i}\x1b[31m.png,wide`);
  writeFileSync(table, ['path,label', `${join(data, 'wide', '000.ppm')},wide`, ...gone].join('\n'));
  const { code, stdout, stderr } = await bigtransfer(['evaluate', model, table]);
  expect([code, stdout.split('\n')[0]]).toEqual([0, expect.stringMatching(/^1 examples: /)]);
  const lines = stderr.trimEnd().split('\n');
  expect(lines).toHaveLength(11);
  expect(lines[0]).toMatch(/^left out: .*gone0\\u001b\[31m\.png/);
  expect(lines.at(-1)).toBe('left out: 2 more');
});

test.each([
  [[], "missing required argument 'model'"],
  [['m'], "missing required argument 'data'"],
  [['m', 'd', '--split', 'val'], 'Allowed choices are train, validation, test'],
  [['m', 'd', '--max-eval-samples', '0'], 'Expected a positive integer'],
  [['m', 'd', '--batch-size', 'x'], 'Expected a positive integer'],
  [['m', 'd', '--device', 'gpu'], 'Expected auto, cpu, cuda, cuda:N or cuda:all'],
  [['m', 'd', 'more'], 'too many arguments'],
])('wrong usage is told with exit code 2: %j', async (args, message) => {
  const { code, stdout, stderr } = await bigtransfer(['evaluate', ...args]);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain(message);
});

test('labels that the model does not have are told with 1', async () => {
  const other = stripes(join(folder, 'other'), { odd: 1 });
  const { code, stderr } = await bigtransfer(['evaluate', model, other]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^error: .*odd.*\ncode: ERR_BIT_CONFIG\n$/);
});

test.each([
  [
    { problemType: 'single_label_classification', accuracy: null, interval: null, loss: null },
    'accuracy -, loss -',
  ],
  [
    { problemType: 'multi_label_classification', meanAveragePrecision: 0.25, loss: 0.12345 },
    'mean average precision 25.0 %, loss 0.1235',
  ],
  [
    { problemType: 'regression', rmse: 12.3456, r2: -0.5 },
    'root mean squared error 12.35, R² -0.5000',
  ],
])('%j in words', (result, words) => {
  expect(evaluationInWords(result as unknown as Evaluated)).toBe(words);
});

test('a problem names its path once', () => {
  expect(
    problemLines([
      { path: 'a.png', message: 'Cannot read a.png: gone' },
      { path: 'b.png', message: 'it has no label' },
    ]),
  ).toEqual(['left out: Cannot read a.png: gone', 'left out: b.png: it has no label']);
  expect(problemLines([])).toEqual([]);
});
