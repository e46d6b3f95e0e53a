import { answersAlike } from '../support/parity';
import { loadRun, readCases, runModel, type Case, type Run } from '../support/reference';

/** Files that transformers reads and we refuse, with what our refusal says. */
const REFUSED: Record<string, string> = { bin_legacy: 'torch.save' };

/** Our code for each thing that transformers has no answer to. */
const CODES: [RegExp, string][] = [
  [/^groups_/, 'ERR_BIT_CONFIG'],
  [/^padding_|^wrong_channels/, 'ERR_BIT_SHAPE'],
  [/^default$/, 'ERR_BIT_CHECKPOINT'],
];

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
