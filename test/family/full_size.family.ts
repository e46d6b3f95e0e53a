// Networks of the paper's sizes at random weights, made by transformers on the spot.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { BitForImageClassification, type Tensor } from '../../lib';
import { cosine, HALF_BOUND } from '../support/closeness';
import { answersAlike } from '../support/parity';
import { readCase, REFERENCE, type Case, type Run } from '../support/reference';
import { temporaryFolder } from '../support/temporary';

const PYTHON = process.env['PYTHON'] ?? 'python3';
const FOLDER = temporaryFolder();
const NETWORKS = ['r50x1_224', 'r50x3_224', 'r101x1_448', 'hybrid_384'];

function makeNetwork(directory: string, name: string) {
  execFileSync(PYTHON, [join(REFERENCE, 'family.py'), directory, name], { stdio: 'inherit' });
  return readCase(directory);
}

/** Logits in bfloat16 and float16, where the run has some. */
async function isCloseInHalf(made: Case, run: Run): Promise<void> {
  const logits = made.expected.get(run.outputs?.['logits'] as string);
  if (!logits) return;
  const pixels = made.expected.get(run.inputs.pixel_values as string) as Tensor;
  for (const dtype of ['bfloat16', 'float16'] as const) {
    await using model = await BitForImageClassification.fromPretrained(made.directory, { dtype });
    expect(cosine((await model.forward(pixels)).logits, logits)).toBeGreaterThan(HALF_BOUND);
  }
}

test.each(NETWORKS)("%s gives transformers' numbers", async (name) => {
  const made = makeNetwork(join(FOLDER, name), name);
  expect(made.runs.length).toBeGreaterThan(0);
  for (const run of made.runs) await answersAlike(made, run);
  const [first] = made.runs as [Run, ...Run[]]; // with the config as it is in the file
  await isCloseInHalf(made, first);
});
