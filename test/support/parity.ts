// The parity promise: every output within its bound of transformers' own.
import { BitBackbone } from '../../lib';
import { FLOAT32_BOUND, relativeError } from './closeness';
import { loadRun, runModel, type Case, type Run } from './reference';

function compare(actual: Awaited<ReturnType<typeof runModel>>, run: Run, { expected }: Case): void {
  for (const [name, key] of Object.entries(run.outputs ?? {})) {
    const ours = actual.get(name);
    const theirs = expected.get(key);
    if (!ours || !theirs) throw new Error(`${name} is missing on ${ours ? 'their' : 'our'} side`);
    const error = relativeError(ours, theirs);
    const bound = Math.max(FLOAT32_BOUND, run.rounding?.[name] ?? 0);
    if (!(error <= bound)) throw new Error(`${name} is off by ${error} of its magnitude`);
  }
}

/** Asks one of the case's questions; rejects where anything differs from what transformers answered. */
export async function answersAlike(each: Case, run: Run): Promise<void> {
  const model = await loadRun(each, run);
  compare(await runModel(model, run, each.expected), run, each);
  const { missingKeys, unexpectedKeys } = model.loadingInfo;
  expect([...missingKeys].sort()).toEqual(run.missing_keys ?? []);
  expect([...unexpectedKeys].sort()).toEqual(run.unexpected_keys ?? []);
  if (model instanceof BitBackbone) {
    expect(model.outFeatures).toEqual(run.out_features);
    expect(model.outIndices).toEqual(run.out_indices);
    expect(model.channels).toEqual(run.channels);
  }
  await model.dispose();
}
