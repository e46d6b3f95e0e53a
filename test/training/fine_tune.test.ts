// A run from pictures to a model, and what it says of itself.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  evaluate,
  fineTune,
  pipeline,
  systemInfo,
  type FineTuneOptions,
  type FineTuneResult,
  type TrainingStep,
} from '../../lib';
import { failure } from '../support/queue';
import { temporaryFolder } from '../support/temporary';
import { SIDE, stripes, tinyModel } from '../support/training';

const folder = temporaryFolder();
const COUNTS = { narrow: 12, wide: 12, wider: 8 };
let model: string;
let data: string;
let output: string;

beforeAll(async () => {
  model = await tinyModel(folder);
  data = stripes(folder, COUNTS);
});
beforeEach(() => (output = join(mkdtempSync(join(folder, 'run-')), 'out')));

const OPTIONS = {
  batchSize: 8,
  maxSteps: 30,
  learningRate: 0.3,
  evalSteps: 10,
  trainValSplit: 0.25,
};
const begin = (options: Partial<FineTuneOptions> = {}) =>
  fineTune(model, data, { output, ...OPTIONS, ...options });

async function run(options: Partial<FineTuneOptions> = {}, most = Infinity) {
  const running = begin(options);
  const steps: TrainingStep[] = [];
  for await (const step of running) {
    steps.push(step);
    if (steps.length === most) return { steps, result: null as unknown as FineTuneResult };
  }
  return { steps, result: await running.result() };
}
const weights = (of = output) => readFileSync(join(of, 'model.safetensors'));
const lastWeights = (of = output) => {
  const checkpoints = join(of, 'training', 'checkpoints');
  return weights(join(checkpoints, readdirSync(checkpoints).sort().at(-1) as string));
};
const metrics = (of = output) =>
  readFileSync(join(of, 'training', 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test('learns to tell classes apart, and leaves a model that does', async () => {
  const { steps, result } = await run();
  expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
  expect(steps[0]).toMatchObject({ steps: 30, learningRate: 0 });
  expect(steps[0]?.loss).toBeCloseTo(Math.log(3), 4); // the head begins at zero
  expect(steps.at(-1)?.loss).toBeLessThan(0.5);
  const evaluated = steps.filter(({ evaluation }) => evaluation !== null);
  expect(evaluated.map(({ step }) => step)).toEqual([10, 20, 30]);
  expect(result).toMatchObject({ output, steps: 30, trainExamples: 24, problems: [] });
  expect(result.evaluation).toMatchObject({ examples: 8, accuracy: 1 });
  // The model that is there is the best one, and answers as it was measured.
  const again = await evaluate(output, data);
  expect(again).toMatchObject({ examples: 32, problems: [] });
  expect(again).toHaveProperty('accuracy', expect.closeTo(1, 1));
  const classify = await pipeline('image-classification', output);
  const [best] = await classify(join(data, 'wide', '000.ppm'));
  expect(best?.label).toBe('wide');
  await classify.dispose();
  const config = JSON.parse(readFileSync(join(output, 'config.json'), 'utf8')) as object;
  expect(config).toMatchObject({
    architectures: ['BitForImageClassification'],
    id2label: { 0: 'narrow', 1: 'wide', 2: 'wider' },
    problem_type: 'single_label_classification',
  });
  const processor = JSON.parse(
    readFileSync(join(output, 'preprocessor_config.json'), 'utf8'),
  ) as object;
  expect(processor).toMatchObject({ size: { height: SIDE, width: SIDE }, do_center_crop: false });
});

test('writes each step once, whatever ended it, and ends with the same weights', async () => {
  await run();
  const whole = metrics();
  expect(whole.filter(({ loss }) => loss !== undefined)).toHaveLength(30);
  expect(whole.filter(({ evaluation }) => evaluation !== undefined)).toHaveLength(3);
  const expected = [weights(), lastWeights()];
  const other = `${output} in parts`;
  for (const most of [3, 9, 1, 8]) await run({ output: other }, most);
  const { steps, result } = await run({ output: other });
  expect(steps[0]?.step).toBe(22);
  expect(result.steps).toBe(30);
  expect(weights(other).equals(expected[0]!)).toBe(true);
  expect(lastWeights(other).equals(expected[1]!)).toBe(true);
  const measured = (rows: Record<string, unknown>[]) =>
    rows.map(({ step, loss, learningRate, evaluation }) => ({
      step,
      loss,
      learningRate,
      evaluation,
    }));
  expect(measured(metrics(other))).toEqual(measured(whole));
  expect(readdirSync(other).sort()).toEqual([
    'config.json',
    'model.safetensors',
    'preprocessor_config.json',
    'training',
  ]);
});

test('goes on after its signal with what it had learnt, and does nothing once it is done', async () => {
  const stop = new AbortController();
  const reason = new Error('enough');
  const running = begin({ signal: stop.signal });
  const steps: number[] = [];
  const going = async () => {
    for await (const { step } of running) {
      steps.push(step);
      if (step === 7) stop.abort(reason);
    }
  };
  await expect(going()).rejects.toBe(reason);
  expect(steps.at(-1)).toBe(7);
  expect((await run()).steps[0]?.step).toBe(8);
  const again = await run();
  expect(again.steps).toEqual([]);
  expect(again.result).toMatchObject({ steps: 30, evaluation: { accuracy: 1 } });
});

test('without a validation the last model is the one', async () => {
  const { steps, result } = await run({ validation: null, maxSteps: 4 });
  expect(steps.every(({ evaluation }) => evaluation === null)).toBe(true);
  expect(result).toMatchObject({ bestStep: 4, evaluation: null, trainExamples: 32 });
  expect(weights().equals(lastWeights())).toBe(true);
});

test('a validation of its own, few examples of each class, MixUp, micro-batches and bfloat16', async () => {
  const { result } = await run({
    ...{ validation: data, examplesPerClass: 4, mixup: 0.1, batchSplit: 3, dtype: 'bfloat16' },
    ...{ maxSteps: 6, evalSteps: 3, maxEvalSamples: 9, dropPathRate: 0.1 },
  });
  expect(result).toMatchObject({ trainExamples: 12, evaluation: { examples: 9 } });
});

test('what cannot be read is told and left out', async () => {
  const broken = join(data, 'wide', '999.ppm');
  writeFileSync(broken, 'broken');
  try {
    const { result } = await run({ maxSteps: 2, validation: null });
    expect(result.trainExamples).toBe(32);
    expect(result.problems).toEqual([
      { path: broken, message: expect.stringContaining(broken) as string },
    ]);
  } finally {
    rmSync(broken);
  }
});

test('a loss that is no number ends it, and says where', async () => {
  expect(await failure(run({ learningRate: 1e30 }))).toMatch(
    /^ERR_BIT_TRAINING: The loss is (NaN|Infinity) at step \d+, at a learning rate of [\d.e+]+: lower learningRate/,
  );
  expect(existsSync(join(output, 'training', 'checkpoints'))).toBe(true);
});

describe('what is there already', () => {
  test('a run of other settings or data is refused, and begun anew with restart', async () => {
    await run({ maxSteps: 2 });
    expect(await failure(run({ maxSteps: 2, seed: 5 }))).toContain(
      `ERR_BIT_OUTPUT: ${output} holds a run of other settings: seed was 0 and is 5`,
    );
    const other = stripes(join(folder, 'other'), { a: 8, b: 8 });
    const running = fineTune(model, other, { output, ...OPTIONS, maxSteps: 2 });
    expect(await failure(running.result())).toContain('labels was');
    const anew = fineTune(model, other, { output, ...OPTIONS, maxSteps: 2, restart: true });
    expect((await anew.result()).trainExamples).toBe(12);
  });

  test('somebody’s own model is not written over', async () => {
    const before = weights(model);
    expect(await failure(run({ output: model }))).toContain('that no run there has made');
    expect(weights(model).equals(before)).toBe(true);
  });

  test('a place that cannot be written to is named', async () => {
    const file = join(folder, 'a file');
    writeFileSync(file, '');
    expect(await failure(run({ output: join(file, 'out') }))).toMatch(
      /^ERR_BIT_OUTPUT: Cannot (read|write) /,
    );
  });
});

test.each([
  [{ output: undefined }, 'Expected a path for output but received undefined'],
  [{ batchSize: 0 }, 'Expected a positive integer for batchSize but received 0'],
  [{ learningRate: -1 }, 'Expected a positive number for learningRate'],
  [{ schedule: [5, 4] }, 'Expected a list of ascending numbers of steps for schedule'],
  [{ maxSteps: 3, numTrainEpochs: 2 }, 'Each of numTrainEpochs and maxSteps says how long'],
  [{ momentum: 1 }, 'Expected a number from 0 to below 1 for momentum'],
  [{ preset: 'gpu' }, "Expected one of 'paper', 'light', 'cpu' for preset"],
  [{ seed: -1 }, 'for seed but received -1'],
  [{ trainVal: 0.5 }, "Unknown option 'trainVal'; did you mean 'trainValSplit'?"],
])('wrong options are refused at once: %p', (options, message) => {
  expect(() => begin(options as Partial<FineTuneOptions>)).toThrow(message.split(';')[0]);
});

test.each([
  [{ crop: 99, resize: 20 }, 'A crop of 99 pixels cannot be cut out of 20'],
  [{ batchSplit: 9 }, 'A batch of 8 cannot fall into 9 parts'],
])('what does not fit together is refused: %p', async (options, message) => {
  expect(await failure(run(options))).toContain(`ERR_BIT_CONFIG: ${message}`);
});

test('a GPU that is not there ends it before it begins, whatever is to be learnt', async () => {
  const gpus = systemInfo().devices.filter(({ type }) => type === 'cuda').length;
  const device = `cuda:${gpus}` as const;
  await expect(begin({ device }).result()).rejects.toMatchObject({ code: 'ERR_BIT_DEVICE' });
  const head = fineTune(model, data, { output, headOnly: true, device });
  await expect(head.result()).rejects.toMatchObject({ code: 'ERR_BIT_DEVICE' });
  expect(existsSync(output)).toBe(false);
});

test('one class is nothing to tell apart, and no data are refused', async () => {
  const one = stripes(join(folder, 'one'), { only: 5 });
  const running = fineTune(model, one, { output, ...OPTIONS });
  expect(await failure(running.result())).toContain('All examples are of one class, only');
  expect(await failure(fineTune(model, join(folder, 'nowhere'), { output }).result())).toContain(
    'ERR_BIT_CONFIG',
  );
  expect(() => fineTune(model, 5 as never, { output })).toThrow('Expected a path or a data set');
});
