// What a run writes of itself, and what of it stays when it goes on.
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EvaluationResult } from '../../../lib';
import { readRunLog, RunLog } from '../../../lib/training/logs/run_log';
import { failure } from '../../support/queue';
import { temporaryFolder } from '../../support/temporary';

const root = temporaryFolder();
let folder: string;
beforeEach(() => (folder = mkdtempSync(join(root, 'run-'))));

const row = (step: number) => ({ step, loss: step / 2, learningRate: 0.1, imagesPerSecond: 9 });
const evaluation = {
  ...{
    problemType: 'single_label_classification',
    examples: 4,
    accuracy: 0.5,
    top5: null,
    loss: 1,
  },
  ...{ interval: [0, 1], perClass: [] },
} as unknown as EvaluationResult;
const measured = { examples: 4, accuracy: 0.5, loss: 1 };

const rows = async () => {
  const all: unknown[] = [];
  for await (const each of readRunLog(folder)) all.push(each);
  return all;
};
const boards = () =>
  readdirSync(folder)
    .filter((name) => name.startsWith('events.out.tfevents.'))
    .map((name) => readFileSync(join(folder, name), 'latin1'));

test('steps and evaluations, in a file for programs and one for TensorBoard', async () => {
  const log = await RunLog.open(folder, 0);
  await log.step(row(1));
  await log.evaluation(1, evaluation);
  await log.step(row(2));
  await log.close();
  expect(await rows()).toEqual([row(1), { step: 1, evaluation: measured }, row(2)]);
  const [board, ...others] = boards();
  expect(others).toEqual([]);
  const tags = ['train/loss', 'train/learning_rate', 'train/images_per_second'];
  for (const tag of [...tags, 'eval/accuracy', 'eval/loss', 'eval/examples'])
    expect(board).toContain(tag);
  for (const tag of ['eval/top5', 'eval/interval', 'eval/problemType'])
    expect(board).not.toContain(tag);
});

test('a run that goes on has what was written up to there, and writes the rest anew', async () => {
  const first = await RunLog.open(folder, 0);
  for (const step of [1, 2, 3]) await first.step(row(step));
  await first.evaluation(2, evaluation);
  await first.close();
  const kept = (await rows()).slice(0, 2);
  const second = await RunLog.open(folder, 2);
  expect(await rows()).toEqual(kept);
  expect(await second.hasEvaluation(2)).toBe(false); // it came after what is taken back
  await second.evaluation(2, evaluation);
  expect(await second.hasEvaluation(2)).toBe(true);
  expect(await second.hasEvaluation(1)).toBe(false);
  await second.step({ ...row(3), loss: 7 });
  await second.close();
  expect((await rows()).slice(2)).toEqual([
    { step: 2, evaluation: measured },
    { ...row(3), loss: 7 },
  ]);
  expect(boards()).toHaveLength(2);
});

test('what holds something else is left alone, and no file is left open', async () => {
  const file = join(folder, 'metrics.jsonl');
  writeFileSync(file, 'a poem\n');
  expect(await failure(RunLog.open(folder, 0))).toMatch(/^ERR_BIT_OUTPUT: Line 1 of .*metrics/);
  expect(readFileSync(file, 'utf8')).toBe('a poem\n');
  expect(boards()).toEqual([]);
});

test('a folder that is not there is named', async () => {
  expect(await failure(RunLog.open(join(folder, 'nowhere'), 0))).toMatch(
    /^ERR_BIT_OUTPUT: Cannot write .*metrics\.jsonl: there is no such file or folder/,
  );
});
