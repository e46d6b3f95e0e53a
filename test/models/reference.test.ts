import { BitBackbone } from '../../lib';
import { FLOAT32_BOUND, relativeError } from '../support/closeness';
import { loadRun, readCases, runModel, type Case, type Run } from '../support/reference';

/** Files that transformers reads and we refuse, with what our refusal says. */
const REFUSED: Record<string, string> = { bin_legacy: 'torch.save' };

/** Our code for each thing that transformers has no answer to. */
const CODES: [RegExp, string][] = [
  [/^groups_/, 'ERR_BIT_CONFIG'],
  [/^padding_|^wrong_channels/, 'ERR_BIT_SHAPE'],
  [/^default$/, 'ERR_BIT_CHECKPOINT'],
];

function compare(actual: Awaited<ReturnType<typeof runModel>>, run: Run, { expected }: Case): void {
  for (const [name, key] of Object.entries(run.outputs ?? {})) {
    const ours = actual.get(name);
    const theirs = expected.get(key);
    if (!ours || !theirs) throw new Error(`${name} is missing on ${ours ? 'their' : 'our'} side`);
    const error = relativeError(ours, theirs);
    if (!(error <= FLOAT32_BOUND)) throw new Error(`${name} is off by ${error} of its magnitude`);
  }
}

async function answersAlike(each: Case, run: Run): Promise<void> {
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

async function refusesAlike(each: Case, run: Run): Promise<void> {
  const code = CODES.find(([pattern]) => pattern.test(run.name))?.[1];
  const attempt = async () => runModel(await loadRun(each, run), run, each.expected);
  await expect(attempt()).rejects.toMatchObject({ name: 'BitError', code });
}

for (const each of readCases()) {
  const answered = each.runs.filter(({ error }) => !error);
  const unanswered = each.runs.filter(({ error }) => error);

  describe(`transformers' ${each.name}`, () => {
    const refusal = REFUSED[each.name];
    if (refusal) {
      test.each(answered)('$name is refused', async (run) => {
        await expect(loadRun(each, run)).rejects.toMatchObject({
          code: 'ERR_BIT_CHECKPOINT',
          message: expect.stringContaining(refusal) as string,
        });
      });
      return;
    }

    for (const run of answered) {
      test(run.name, () => answersAlike(each, run));
    }
    for (const run of unanswered) {
      test(`${run.name} has no answer`, () => refusesAlike(each, run));
    }
  });
}
