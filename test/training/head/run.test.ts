// A head from pictures to a model, what it says of itself, and what it need not do again.
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  BitForImageClassification,
  evaluate,
  fineTune,
  type Dataset,
  type HeadOptions,
  type HeadStep,
} from '../../../lib';
import { HeldImage } from '../../../lib/image/input';
import { BitModel } from '../../../lib/models/bit_model';
import { readDataset } from '../../../lib/training/data/read_dataset';
import { failure } from '../../support/queue';
import { readSafetensors } from '../../support/safetensors';
import { temporaryFolder } from '../../support/temporary';
import { SIDE, stripes, tinyModel } from '../../support/training';

const folder = temporaryFolder();
let model: string;
let data: string;
let output: string;

beforeAll(async () => {
  model = await tinyModel(folder);
  data = stripes(folder, { narrow: 12, wide: 12, wider: 8 });
});
beforeEach(() => (output = join(mkdtempSync(join(folder, 'run-')), 'out')));
afterEach(() => jest.restoreAllMocks());

const OPTIONS = { headOnly: true, trainValSplit: 0.25, report: false } as const;
const begin = (options: Partial<HeadOptions> = {}, from: string | Dataset = data) =>
  fineTune(model, from, { output, ...OPTIONS, ...options });

async function run(options: Partial<HeadOptions> = {}, from: string | Dataset = data) {
  const running = begin(options, from);
  const steps: HeadStep[] = [];
  for await (const step of running) steps.push(step);
  return { steps, result: await running.result() };
}
type Of<Phase> = Extract<HeadStep, { phase: Phase }>;
const ofPhase = <Phase extends HeadStep['phase']>(steps: HeadStep[], phase: Phase) =>
  steps.filter((step): step is Of<Phase> => step.phase === phase);
const counts = (steps: HeadStep[]) => ofPhase(steps, 'features').map(({ done }) => done);
const weights = (of = output) => readFileSync(join(of, 'model.safetensors'));
const metrics = () =>
  readFileSync(join(output, 'training', 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const featureFiles = (of = output) => readdirSync(join(of, 'training', 'features'));
/** How often the network was loaded to compute features. */
const loads = () => jest.spyOn(BitModel, 'fromPretrained');

test('tells classes apart by a head alone, and says what it does', async () => {
  const { steps, result } = await run();
  expect(counts(steps)).toEqual(Array.from({ length: 33 }, (_, done) => done));
  expect(ofPhase(steps, 'features').every(({ total }) => total === 32)).toBe(true);
  const tried = ofPhase(steps, 'strengths');
  expect(tried.map(({ done }) => done)).toEqual(tried.map((_, i) => i + 1));
  expect(tried[0]).toMatchObject({ strength: 100, total: 17 });
  const best = tried.reduce((a, b) => (b.loss < a.loss ? b : a));
  expect(steps.at(-1)).toMatchObject({ phase: 'head', strength: best.strength });
  expect(result).toMatchObject({
    ...{ output, trainExamples: 24, problems: [], report: null, strength: best.strength },
    strengths: tried.map(({ strength, loss, accuracy }) => ({ strength, loss, accuracy })),
    evaluation: { examples: 8, accuracy: 1 },
  });
  expect(best.accuracy).toBeGreaterThan(0.9);
  expect(metrics()).toEqual([
    ...tried.map(({ strength, loss, accuracy }, i) => ({
      step: i + 1,
      crossValidation: { strength, loss, accuracy },
    })),
    { step: tried.length, evaluation: expect.objectContaining({ accuracy: 1 }) as object },
  ]);
});

test('leaves a model whose trunk is the same, and that answers as it was measured', async () => {
  const { result } = await run({ validation: data });
  const [before, after] = [
    readSafetensors(join(model, 'model.safetensors')),
    readSafetensors(join(output, 'model.safetensors')),
  ];
  expect([...after.keys()].sort()).toEqual([...before.keys()].sort());
  for (const [name, { data: values }] of before)
    if (!name.startsWith('classifier'))
      expect([name, after.get(name)!.data]).toEqual([name, values]);
  const { problems, ...again } = await evaluate(output, data);
  expect(problems).toEqual([]);
  expect(again).toMatchObject({
    examples: 32,
    accuracy: (result.evaluation as { accuracy: number }).accuracy,
  });
  expect(again.loss).toBeCloseTo(result.evaluation!.loss!, 4);
  const config = JSON.parse(readFileSync(join(output, 'config.json'), 'utf8')) as object;
  expect(config).toMatchObject({
    architectures: ['BitForImageClassification'],
    id2label: { 0: 'narrow', 1: 'wide', 2: 'wider' },
    problem_type: 'single_label_classification',
  });
  const loaded = await BitForImageClassification.fromPretrained(output);
  expect(loaded.loadingInfo).toMatchObject({ missingKeys: [], mismatchedKeys: [] });
  await loaded.dispose();
  expect(readdirSync(output).sort()).toEqual([
    'config.json',
    'model.safetensors',
    'preprocessor_config.json',
    'training',
  ]);
  expect(readdirSync(join(output, 'training', 'checkpoints'))).toEqual([]);
});

describe('features are computed once', () => {
  test('a run that is given again ends with the same bits, without the network', async () => {
    const { result } = await run();
    const expected = weights();
    const loaded = loads();
    const again = await run();
    expect(counts(again.steps)).toEqual([32]);
    expect(again.result).toEqual(result);
    expect(weights().equals(expected)).toBe(true);
    expect(loaded).not.toHaveBeenCalled();
  });

  test('one that was ended goes on with those that are missing', async () => {
    const stop = new AbortController();
    const running = begin({ signal: stop.signal });
    const going = async () => {
      for await (const step of running)
        if (step.phase === 'features' && step.done === 9) stop.abort(new Error('enough'));
    };
    await expect(going()).rejects.toThrow('enough');
    expect(existsSync(join(output, 'model.safetensors'))).toBe(false);
    const { steps } = await run();
    expect(counts(steps)[0]).toBeGreaterThanOrEqual(9);
    expect(counts(steps)[0]).toBeLessThan(32);
    const other = `${output} in one`;
    await run({ output: other });
    expect(weights().equals(weights(other))).toBe(true);
  });

  test('one that is left by whoever goes through it keeps what it has', async () => {
    for await (const step of begin()) if (step.phase === 'features' && step.done === 5) break;
    expect(counts((await run()).steps)[0]).toBeGreaterThanOrEqual(5);
  });

  test('other labels, strengths and splits take the same ones', async () => {
    await run();
    const loaded = loads();
    const other = { ...(await read()), labels: ['even', 'odd'] };
    other.examples = other.examples.map((each, i) => ({ ...each, target: i % 2 }));
    expect((await run({ restart: true }, other)).result.trainExamples).toBe(24);
    expect((await run({ restart: true, strength: 0.5 })).result).toMatchObject({
      strength: 0.5,
      strengths: [],
    });
    await run({ restart: true, seed: 7, validation: null });
    expect(loaded).not.toHaveBeenCalled();
  });

  test('other sizes, models and changed pictures do not', async () => {
    const changing = stripes(join(folder, 'changing'), { a: 6, b: 6 });
    await run({}, changing);
    const picture = join(changing, 'a', '000.ppm');
    utimesSync(picture, 5, 5);
    expect(counts((await run({}, changing)).steps)).toEqual([11, 12]);
    writeFileSync(picture, Buffer.concat([readFileSync(picture), Buffer.from(' ')]));
    utimesSync(picture, 5, 5);
    expect(counts((await run({}, changing)).steps)).toEqual([11, 12]);
    const { steps } = await run({ restart: true, crop: SIDE + 8 }, changing);
    expect(counts(steps)[0]).toBe(0);
    expect(featureFiles()).toHaveLength(2);
  });

  test('a broken file of them is noticed', async () => {
    await run();
    const expected = weights();
    const file = join(output, 'training', 'features', featureFiles()[0]!);
    const bytes = readFileSync(file);
    bytes[200]! ^= 1;
    writeFileSync(file, bytes);
    expect(counts((await run()).steps)[0]).toBe(0);
    expect(weights().equals(expected)).toBe(true);
  });

  test('pictures that are no files are known by what is in them', async () => {
    const inMemory = await read();
    inMemory.examples = inMemory.examples.map((each, i) => {
      const bytes = readFileSync(each.image as string);
      const held = HeldImage.reading(each.path, () => Promise.resolve(bytes));
      const image = i % 2 ? (held as unknown as Buffer) : bytes;
      return { ...each, image };
    });
    await run({}, inMemory);
    const loaded = loads();
    inMemory.examples.reverse();
    await run({ restart: true }, inMemory);
    expect(loaded).not.toHaveBeenCalled();
  });
});

test('what cannot be read is told and left out, of the validation too', async () => {
  const broken = join(data, 'wide', '999.ppm');
  writeFileSync(broken, 'broken');
  try {
    const { result } = await run({ validation: data });
    expect(result).toMatchObject({ trainExamples: 32, evaluation: { examples: 32 } });
    expect(result.problems.map(({ path }) => path)).toContain(broken);
    expect(result.problems[0]!.message).toContain(broken);
  } finally {
    rmSync(broken);
  }
});

test('values and several labels are learnt as well', async () => {
  const values = await read();
  values.examples = values.examples.map((each) => {
    const own = each.target as number;
    return { ...each, target: [own * 2 + 1, -own] };
  });
  const regression: Dataset = { ...values, problemType: 'regression', labels: ['up', 'down'] };
  const { steps } = await run({}, regression);

  expect(ofPhase(steps, 'strengths')[0]).toMatchObject({ accuracy: null });
  // As many features as examples: hardly held to zero, they tell all that they were fitted to.
  const given = { restart: true, strength: 1e-6, validation: regression };
  const { result } = await run(given, regression);
  expect(result.evaluation).toMatchObject({ problemType: 'regression', examples: 32 });
  expect((result.evaluation as { r2: number }).r2).toBeGreaterThan(0.99);
  const several: Dataset = {
    ...{ problemType: 'multi_label_classification', labels: ['striped', 'narrow'], problems: [] },
    examples: (await read()).examples.map((each) => ({
      ...each,
      target: [1, each.target === 0 ? 1 : 0],
    })),
  };
  const labelled = await run({ output: `${output} labels` }, several);
  expect(labelled.result.evaluation).toMatchObject({
    problemType: 'multi_label_classification',
    accuracy: 1,
  });
});

test('an example of each class is enough, with a strength that is not chosen', async () => {
  const { result, steps } = await run({ examplesPerClass: 1 });
  expect(result).toMatchObject({ trainExamples: 3, strength: 1, strengths: [] });
  expect(ofPhase(steps, 'strengths')).toEqual([]);
});

test('a run of other settings or of steps is refused, and begun anew with restart', async () => {
  await run();
  expect(await failure(run({ strength: 1 }))).toContain(
    `ERR_BIT_OUTPUT: ${output} holds a run of other settings: strength was null and is 1`,
  );
  const running = fineTune(model, data, { output, maxSteps: 2 });
  expect(await failure(running.result())).toContain('headOnly was true');
  const before = weights(model);
  expect(await failure(run({ output: model }))).toContain('that no run there has made');
  expect(weights(model).equals(before)).toBe(true);
});

test.each([
  [{ batchSize: 8 }, 'batchSize means nothing with headOnly'],
  [{ preset: 'paper' }, 'preset means nothing with headOnly'],
  [{ evalSteps: 5, maxSteps: 5 }, 'maxSteps means nothing with headOnly'],
  [{ strength: 0 }, 'Expected a positive number for strength but received 0'],
  [{ headOnly: false, strength: 1 }, 'strength is for headOnly'],
  [{ headOnly: 'yes' }, 'for headOnly but received'],
])('options that mean nothing are refused at once: %p', (options, message) => {
  expect(() => begin(options as unknown as Partial<HeadOptions>)).toThrow(message);
});

const read = () => readDataset(data, {});
