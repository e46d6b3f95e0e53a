// A classifier over a data set: each example is measured by what the pipeline says of it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  BitConfig,
  BitForImageClassification,
  BitImageProcessor,
  pipeline,
  type Example,
} from '../../../lib';
import { labelsOf, runEvaluation } from '../../../lib/training/evaluation/run';
import { temporaryFolder } from '../../support/temporary';
import { stripes, tinyModel } from '../../support/training';

const folder = temporaryFolder();
let source: string;
let data: string;
let parts: { model: BitForImageClassification; processor: BitImageProcessor };
beforeAll(async () => {
  source = await tinyModel(folder);
  data = stripes(folder, { narrow: 3, wide: 3 });
  const model = await BitForImageClassification.fromPretrained(source, { device: 'cpu' });
  parts = { model, processor: await BitImageProcessor.fromPretrained(source) };
});
afterAll(() => parts.model.dispose());

const example = (name: string, target: number | number[]): Example => {
  const path = join(data, name);
  return { path, image: path, target };
};
const NAMES = ['narrow/000.ppm', 'narrow/001.ppm', 'wide/000.ppm', 'wide/001.ppm', 'wide/002.ppm'];

test('accuracy, confusion and mistakes are those of what the pipeline says', async () => {
  const classify = await pipeline('image-classification', source, { device: 'cpu' });
  const labels = labelsOf(parts.model.config);
  const paths = NAMES.map((name) => join(data, name));
  const said = (await classify(paths, { topK: labels.length })) as {
    label: string;
    score: number;
  }[][];
  await classify.dispose();
  // One right, by what it says itself; the others wrong.
  const predicted = said.map(([best]) => labels.indexOf(best!.label));
  const targets = predicted.map((own, i) => (i === 3 ? own : (own + 1) % labels.length));
  const done: number[] = [];
  const { result, unreadable } = await runEvaluation(
    parts,
    {
      problemType: 'single_label_classification',
      examples: NAMES.map((name, i) => example(name, targets[i]!)),
    },
    { batchSize: 2, mistakes: 2, onExample: (count) => done.push(count) },
  );
  expect(unreadable).toEqual([]);
  expect(done).toEqual([1, 2, 3, 4, 5]);
  if (result.problemType !== 'single_label_classification') throw new Error(result.problemType);
  expect(result).toMatchObject({ examples: 5, accuracy: 0.2 });
  const losses = said.map((scores, i) => {
    const { score } = scores.find(({ label }) => label === labels[targets[i]!])!;
    return -Math.log(score);
  });
  expect(result.loss).toBeCloseTo(losses.reduce((a, b) => a + b) / 5, 5);
  const worst = said
    .flatMap(([best], i) => (i === 3 ? [] : [{ path: paths[i]!, score: best!.score }]))
    .sort((a, b) => b.score - a.score);
  expect(result.mistakes.map(({ path }) => path)).toEqual(
    worst.slice(0, 2).map(({ path }) => path),
  );
});

test('pictures that cannot be read are told and not measured', async () => {
  const broken = join(data, 'broken.ppm');
  writeFileSync(broken, 'broken');
  const examples = [
    example('broken.ppm', 0),
    example('narrow/000.ppm', 0),
    example('nowhere.ppm', 1),
    example('wide/000.ppm', 1),
  ];
  const { result, unreadable } = await runEvaluation(
    parts,
    { problemType: 'single_label_classification', examples },
    {},
  );
  expect(result.examples).toBe(2);
  expect(unreadable.map(({ path }) => path)).toEqual([broken, join(data, 'nowhere.ppm')]);
  for (const { path, message } of unreadable) expect(message).toContain(path);
});

test('several labels are measured by sigmoids, values as they are', async () => {
  const [first, second] = [
    example('narrow/000.ppm', [1, 0, 1]),
    example('wide/000.ppm', [0, 0, 1]),
  ];
  const several = await runEvaluation(
    parts,
    { problemType: 'multi_label_classification', examples: [first, second] },
    {},
  );
  const { logits } = await parts.model.forward(
    (await parts.processor.preprocess([first.path, second.path])).pixelValues,
  );
  const values = [...(logits.data as Float32Array)];
  const targets = [1, 0, 1, 0, 0, 1];
  const losses = values.map((value, i) => Math.log1p(Math.exp(targets[i] ? -value : value)));
  expect(several.result.loss).toBeCloseTo(losses.reduce((a, b) => a + b) / 6, 5);
  const regression = await runEvaluation(
    parts,
    { problemType: 'regression', examples: [first, second] },
    {},
  );
  if (regression.result.problemType !== 'regression') throw new Error('another measure');
  // As scikit-learn has it: of each value, and then the mean.
  const errors = [0, 1, 2].map((column) => {
    const of = [column, column + 3].map((i) => (values[i]! - targets[i]!) ** 2);
    return Math.sqrt((of[0]! + of[1]!) / 2);
  });
  expect(regression.result.rmse).toBeCloseTo(errors.reduce((a, b) => a + b) / 3, 5);
});

test('labels in the order of their numbers; names for those without one', () => {
  const config = new BitConfig({ id2label: { 0: 'a', 1: 'b' } });
  expect(labelsOf(config)).toEqual(['a', 'b']);
  expect(labelsOf(new BitConfig({ numLabels: 3 }))).toEqual(['LABEL_0', 'LABEL_1', 'LABEL_2']);
});

test('ends by its signal', async () => {
  const reason = new Error('enough');
  const run = runEvaluation(
    parts,
    { problemType: 'single_label_classification', examples: [example('narrow/000.ppm', 0)] },
    { signal: AbortSignal.abort(reason) },
  );
  await expect(run).rejects.toBe(reason);
});
