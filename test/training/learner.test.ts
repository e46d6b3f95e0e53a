// Steps of a network against those of a plain PyTorch loop over transformers' BiT (test/reference/make_training.py).
import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BitConfig, systemInfo } from '../../lib';
import type { TrainerRequest } from '../../lib/binding/training_types';
import type { NativeTensor } from '../../lib/binding/types';
import { Learner, type LearnerBatch, type LearnerSettings } from '../../lib/training/learner';
import { REFERENCE } from '../support/reference';
import { readSafetensors } from '../support/safetensors';
import { temporaryFolder } from '../support/temporary';

const STEPS = 20;
const BATCH = 8;
const SIDE = 24;
const LABELS = 3;

interface Case {
  split: number;
  mixup: boolean;
  problem: TrainerRequest['problemType'];
  decay: number;
  /** Of the highest step. */
  rate: number;
  losses: number[];
}

const folderOf = (layerType: string) => join(REFERENCE, 'training', layerType);
const cases = (['preactivation', 'bottleneck'] as const).flatMap((layerType) => {
  const text = readFileSync(join(folderOf(layerType), 'cases.json'), 'utf8');
  const { cases: rows } = JSON.parse(text) as { cases: Case[] };
  return rows.map((row, index) => ({ layerType, index, ...row }));
});

const classOf = (image: number, step: number) => (image * 2 + step) % LABELS;

function pixels(step: number, first: number, count: number): NativeTensor {
  const values = 3 * SIDE * SIDE;
  const data = new Float32Array(count * values);
  for (let i = 0; i < data.length; i++) {
    const place = first * values + i;
    const image = Math.floor(place / values);
    const wave = Math.sin(place * (0.11 + 0.013 * image) + 1.7 * step);
    data[i] = wave + 0.5 * Math.cos(place * 0.37 * (classOf(image, step) + 1));
  }
  return { dtype: 'float32', shape: [count, 3, SIDE, SIDE], data };
}

function labels(
  step: number,
  first: number,
  count: number,
  problem: Case['problem'],
): NativeTensor {
  const classes = Array.from({ length: count }, (_, i) => classOf(first + i, step));
  if (problem === 'single_label_classification') {
    const data = BigInt64Array.from(classes.map(BigInt));
    return { dtype: 'int64', shape: [count], data };
  }
  const row = (own: number) =>
    Array.from({ length: LABELS }, (_, label) => {
      const hot = label === own ? 1 : 0;
      return problem === 'regression' ? 0.5 * hot + 0.1 * label : hot;
    });
  const data = Float32Array.from(classes.flatMap(row));
  return { dtype: 'float32', shape: [count, LABELS], data };
}

function permutation(step: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => (i * 3 + step) % count);
}

function* batches(step: number, { split, mixup, problem }: Case): Generator<LearnerBatch> {
  const count = BATCH / split;
  const lambda = 0.5 + 0.4 * Math.cos(1.3 * step);
  for (let first = 0; first < BATCH; first += count)
    yield {
      pixelValues: pixels(step, first, count),
      labels: labels(step, first, count, problem),
      mixing: mixup ? { lambda, partners: permutation(step, count) } : null,
      ...{ dropSeed: step, first: 0, of: count },
    };
}

const rate = (step: number, highest: number) =>
  highest * Math.min(1, (step + 1) / 5) * (step >= 15 ? 0.1 : 1);

async function settingsOf(each: (typeof cases)[number], more = {}): Promise<LearnerSettings> {
  return {
    config: await BitConfig.fromPretrained(folderOf(each.layerType)),
    dtype: 'float32',
    gradientCheckpointing: false,
    problemType: each.problem,
    momentum: 0.9,
    weightDecay: each.decay,
    seed: 0,
    threads: 0,
    device: 'cpu',
    allowTf32: true,
    ...more,
  };
}

const begin = async (each: (typeof cases)[number], more = {}) =>
  Learner.begin(
    [join(folderOf(each.layerType), 'model.safetensors')],
    await settingsOf(each, more),
    { zeroHead: false },
  );

async function run(learner: Learner, each: Case, from = 0, to = STEPS): Promise<number[]> {
  const losses: number[] = [];
  for (let step = from; step < to; step++)
    losses.push(await learner.step(batches(step, each), BATCH, rate(step, each.rate)));
  return losses;
}

/** The largest difference of two sets of values, over the largest magnitude of the second. */
function difference(ours: ArrayLike<number>, theirs: ArrayLike<number>): number {
  let most = 0;
  let scale = 1e-6;
  for (let i = 0; i < theirs.length; i++) {
    most = Math.max(most, Math.abs((ours[i] as number) - (theirs[i] as number)));
    scale = Math.max(scale, Math.abs(theirs[i] as number));
  }
  return most / scale;
}

const floats = (folder: string, file = 'model.safetensors') =>
  new Map(
    [...readSafetensors(join(folder, file))].map(([name, { data }]) => [
      name,
      data as Float32Array,
    ]),
  );

const folder = temporaryFolder();
const newFolder = () => mkdtempSync(join(folder, 'run-'));

test.each(cases)(
  '20 steps as PyTorch takes them: $layerType, $problem, split $split, mixup $mixup, decay $decay',
  async (each) => {
    const learner = await begin(each);
    const losses = await run(learner, each);
    expect(difference(losses, each.losses)).toBeLessThan(1e-4);
    const out = newFolder();
    await learner.save(out);
    const ours = floats(out);
    const before = floats(folderOf(each.layerType));
    for (const [name, theirs] of floats(
      folderOf(each.layerType),
      `after_${each.index}.safetensors`,
    )) {
      expect(difference(ours.get(name)!, theirs)).toBeLessThan(1e-4);
      // What was learnt, not what it began with.
      const learnt = theirs.map((value, i) => value - before.get(name)![i]!);
      const own = ours.get(name)!.map((value, i) => value - before.get(name)![i]!);
      expect([name, difference(own, learnt)]).toEqual([name, expect.closeTo(0, 2)]);
    }
    learner.dispose();
  },
);

test('a run that goes on from its files ends with the same bits', async () => {
  const each = cases[0]!;
  const whole = await begin(each);
  await run(whole, each, 0, 12);
  const out = newFolder();
  await whole.save(out);
  const first = await begin(each);
  await run(first, each, 0, 7);
  const kept = newFolder();
  await first.saveAll(kept);
  first.dispose();
  const second = await Learner.resume(kept, await settingsOf(each));
  await run(second, each, 7, 12);
  const again = newFolder();
  await second.save(again);
  expect(readFileSync(join(again, 'model.safetensors'))).toEqual(
    readFileSync(join(out, 'model.safetensors')),
  );
});

test('nothing is learnt from a step that fails or is stopped', async () => {
  const each = cases[0]!;
  const learner = await begin(each);
  await run(learner, each, 0, 2);
  const [good] = batches(2, each);
  const bad = {
    ...good!,
    labels: { ...good!.labels, data: BigInt64Array.of(9n, 0n, 0n, 0n, 0n, 0n, 0n, 0n) },
  };
  await expect(learner.step([good!, bad], 2 * BATCH, 1)).rejects.toMatchObject({
    code: 'ERR_BIT_SHAPE',
    message: 'Label 9 at index 0 is not from 0 to 2',
  });
  const stop = new AbortController();
  async function* stopped() {
    yield good!;
    stop.abort(new Error('enough'));
    yield await Promise.resolve(good!);
  }
  await expect(learner.step(stopped(), 2 * BATCH, 1, stop.signal)).rejects.toThrow('enough');
  const endless = { ...good!, pixelValues: { ...good!.pixelValues } };
  endless.pixelValues.data = new Float32Array(endless.pixelValues.data.length).fill(NaN);
  await expect(learner.step([endless], BATCH, 1)).rejects.toThrow('The loss is NaN');
  const out = newFolder();
  const other = newFolder();
  await learner.save(out);
  const twice = await begin(each);
  await run(twice, each, 0, 2);
  await twice.save(other);
  expect(readFileSync(join(out, 'model.safetensors'))).toEqual(
    readFileSync(join(other, 'model.safetensors')),
  );
});

test('what is computed once more instead of being kept comes to the same weights', async () => {
  const each = cases[0]!;
  const saved: Buffer[] = [];
  for (const gradientCheckpointing of [false, true]) {
    const learner = await begin(each, { gradientCheckpointing });
    await run(learner, each, 0, 2);
    const out = newFolder();
    await learner.save(out);
    saved.push(readFileSync(join(out, 'model.safetensors')));
  }
  expect(saved[1]).toEqual(saved[0]);
});

test('a head that is to be zero is, and one for other labels starts afresh', async () => {
  const { layerType } = cases[0]!;
  const files = [join(folderOf(layerType), 'model.safetensors')];
  const settings = await settingsOf(cases[0]!);
  const more = { ...settings, config: settings.config.with({ numLabels: 7 }) as BitConfig };
  for (const zeroHead of [true, false]) {
    const learner = await Learner.begin(files, more, { zeroHead });
    const out = newFolder();
    await learner.save(out);
    const head = floats(out).get('classifier.1.weight')!;
    expect(head).toHaveLength(7 * 32);
    expect(head.every((value) => value === 0)).toBe(zeroHead);
    expect((await BitConfig.fromPretrained(out)).numLabels).toBe(7);
  }
});

test('bfloat16 learns nearly the same', async () => {
  const each = cases[0]!;
  const losses = await run(await begin(each, { dtype: 'bfloat16' }), each);
  expect(difference(losses, each.losses)).toBeLessThan(0.02);
  expect(difference(losses, each.losses)).toBeGreaterThan(1e-6);
});

test('where it learns: names that stand for the CPU, and a GPU that is not there', async () => {
  const gpus = systemInfo().devices.filter(({ type }) => type === 'cuda').length;
  const onCpu = await begin(cases[0]!, { dtype: 'auto' });
  expect(onCpu.device).toBe('cpu');
  const chosen = await begin(cases[0]!, { device: 'auto' });
  expect(chosen.device).toBe(gpus > 0 ? 'cuda:0' : 'cpu');
  await expect(begin(cases[0]!, { device: `cuda:${gpus}` })).rejects.toMatchObject({
    code: 'ERR_BIT_DEVICE',
  });
});

test('what was disposed of says so', async () => {
  const learner = await begin(cases[0]!);
  learner.dispose();
  await expect(run(learner, cases[0]!, 0, 1)).rejects.toMatchObject({ code: 'ERR_BIT_DISPOSED' });
});

test('files that do not belong together are refused', async () => {
  const each = cases[0]!;
  const learner = await begin(each);
  const kept = newFolder();
  await learner.saveAll(kept);
  const settings = await settingsOf(each);
  const other = { ...settings, config: settings.config.with({ numLabels: 7 }) as BitConfig };
  await expect(Learner.resume(kept, other)).rejects.toMatchObject({
    code: 'ERR_BIT_CHECKPOINT',
    message: expect.stringContaining('has no velocity of classifier.1.weight') as string,
  });
  await expect(Learner.resume(newFolder(), settings)).rejects.toMatchObject({
    code: 'ERR_BIT_CHECKPOINT',
  });
});
