// Heads against those that scikit-learn fits (test/reference/make_head.py).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadBinding } from '../../../lib/binding/load';
import type { Dataset, ProblemType } from '../../../lib/training/data/dataset';
import { FeatureFile } from '../../../lib/training/head/feature_file';
import { Fitter, outputsOf } from '../../../lib/training/head/fitter';
import type { Folds } from '../../../lib/training/head/folds';
import { REFERENCE } from '../../support/reference';
import { temporaryFolder } from '../../support/temporary';

interface Case {
  problem: ProblemType;
  features: number[][];
  targets: (number | number[])[];
  fits: { strength: number; loss: number; weight: number[][]; bias: number[] }[];
}

const { cases } = JSON.parse(readFileSync(join(REFERENCE, 'head.json'), 'utf8')) as {
  cases: Case[];
};
const folder = temporaryFolder();
const keyOf = (row: number) => row.toString(16).padStart(64, '0');
let files = 0;
const open: FeatureFile[] = [];
afterEach(async () => {
  for (const file of open.splice(0)) await file.close();
});

async function opened({ problem, features, targets, fits }: Case, folds?: Folds) {
  const file = await FeatureFile.open(folder, `features-${files++}`);
  open.push(file);
  for (const [row, values] of features.entries())
    await file.add(keyOf(row), Float32Array.from(values));
  await file.flush();
  const keys = features.map((_, row) => keyOf(row));
  const data: Dataset = {
    problemType: problem,
    labels: fits[0]!.bias.map((_, label) => `LABEL_${label}`),
    examples: targets.map((target, row) => ({ path: `${row}`, image: `${row}`, target })),
    problems: [],
  };
  const none = { ofExamples: targets.map(() => -1), measured: [] };
  return { file, keys, fitter: await Fitter.open(data, keys, file, folds ?? none, {}) };
}

/** Means and deviations of the columns, of which one is the same everywhere. */
function columnsOf(features: readonly number[][]) {
  return features[0]!.map((_, column) => {
    const values = features.map((row) => row[column]!);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    return { mean, deviation: Math.sqrt(variance) || 1 };
  });
}

/** The head that scikit-learn's is, of features as they are. */
function plain({ weight, bias }: Case['fits'][number], features: readonly number[][]) {
  const columns = columnsOf(features);
  const rows = weight.map((row) => row.map((value, at) => value / columns[at]!.deviation));
  return {
    weight: rows.flat(),
    bias: bias.map((b, label) =>
      rows[label]!.reduce((sum, value, at) => sum - value * columns[at]!.mean, b),
    ),
  };
}

/** Over the largest one. */
function difference(ours: ArrayLike<number>, theirs: readonly number[]): number {
  expect(ours).toHaveLength(theirs.length);
  const scale = Math.max(...theirs.map(Math.abs));
  return Math.max(...theirs.map((value, i) => Math.abs(ours[i]! - value))) / scale;
}

const fits = cases.flatMap((each) =>
  each.fits.map((fit) => ({
    ...{ each, fit, problem: each.problem, strength: fit.strength },
    size: `${each.features.length} x ${each.features[0]!.length}`,
  })),
);

test.each(fits)('$problem of $size, strength $strength, as scikit-learn', async ({ each, fit }) => {
  const { fitter } = await opened(each);
  const head = await fitter.fit(fit.strength);
  const expected = plain(fit, each.features);
  const scales = columnsOf(each.features);
  // Weights of standardised features: those of large columns are as small as these are large.
  const standardised = (weights: ArrayLike<number>) =>
    Array.from(weights, (value, i) => value * scales[i % scales.length]!.deviation);
  const ours = standardised(head.weight.data as Float32Array);
  expect(difference(ours, standardised(expected.weight))).toBeLessThan(1e-4);
  expect(difference(head.bias.data as Float32Array, expected.bias)).toBeLessThan(1e-4);
  expect(Math.abs(head.meanLoss - fit.loss)).toBeLessThan(1e-6);
  fitter.dispose();
});

test('what a head says of features is what it was fitted to say', async () => {
  const regression = cases.at(-1)!;
  const { fitter, file, keys } = await opened(regression);
  const head = await fitter.fit(1e-5);
  let at = 0;
  for await (const { data, shape } of outputsOf(head, keys, file)) {
    expect(shape).toEqual([regression.targets.length, 2]);
    for (const target of regression.targets.flat()) expect(data[at++]).toBeCloseTo(target, 1);
  }
  expect(at).toBe(2 * regression.targets.length);
});

test('folds are scored by fits that never saw them', async () => {
  const each = cases[0]!;
  const ofExamples = each.targets.map((_, row) => row % 3);
  const { fitter } = await opened(each, { ofExamples, measured: [0, 1, 2] });
  const score = await fitter.score(0.01);
  // By hand: each fold's examples alone, told by a fit to the others.
  let hits = 0;
  for (const fold of [0, 1, 2]) {
    const rest = ofExamples.map((own) => (own === fold ? 0 : -1));
    const other = await opened(each, { ofExamples: rest, measured: [0] });
    const { accuracy } = await other.fitter.score(0.01);
    hits += Math.round(accuracy! * 20);
  }
  expect(score.accuracy).toBeCloseTo(hits / 60, 10);
  const seen = await fitter.fit(0.01);
  expect(score.loss).toBeGreaterThan(seen.meanLoss);
  expect(fitter.canScore).toBe(true);
  expect((await opened(each)).fitter.canScore).toBe(false);
});

test('the same bits come out each time', async () => {
  const [first, second] = [await opened(cases[1]!), await opened(cases[1]!)];
  const heads = [await first.fitter.fit(0.001), await second.fitter.fit(0.001)];
  expect(heads[0]).toEqual(heads[1]);
});

test('a fit ends with its signal, and what was disposed of says so', async () => {
  const { fitter } = await opened(cases[0]!);
  const stop = new AbortController();
  const fitting = fitter.fit(1e-9, stop.signal);
  stop.abort(new Error('enough'));
  await expect(fitting).rejects.toThrow('enough');
  fitter.dispose();
  await expect(fitter.fit(1)).rejects.toMatchObject({
    code: 'ERR_BIT_DISPOSED',
    message: 'The fit of a head has been disposed of',
  });
});

test('a head of other features is refused', async () => {
  const tensor = (shape: number[]) => ({
    ...{ dtype: 'float32' as const, shape },
    data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
  });
  const request = { weight: tensor([3, 4]), bias: tensor([3]), features: tensor([2, 5]) };
  await expect(loadBinding().headOutputs(request)).rejects.toMatchObject({
    code: 'ERR_BIT_SHAPE',
  });
});
