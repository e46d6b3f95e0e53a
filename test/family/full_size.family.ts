// Networks of the paper's sizes at random weights, made by transformers on the spot.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { BitForImageClassification, type Tensor } from '../../lib';
import { cosine, HALF_BOUND } from '../support/closeness';
import { answersAlike } from '../support/parity';
import { readCase, REFERENCE, type Case, type Run } from '../support/reference';
import { temporaryFolder } from '../support/temporary';

const PYTHON = process.env['PYTHON'] ?? 'python3';
const FOLDER = temporaryFolder();
const NETWORKS = ['r50x1_224', 'r50x3_224', 'r101x1_448', 'hybrid_384'];
const AT_EVERY_SIZE = ['r50x1', 'r101x1', 'r50x3'].flatMap((name) => [
  `${name}_fresh`,
  `${name}_seasoned`,
]);
/** Whose rounding in transformers alone, its float32 against its float64, is more than we promise. */
const MAGNIFYING = new Set(['r101x1_fresh', 'r50x3_fresh']);

/** Makes a network, and has `body` ask it; its files are too large to keep until the end. */
async function withNetwork(name: string, body: (made: Case) => Promise<void>): Promise<void> {
  const directory = join(FOLDER, name);
  execFileSync(PYTHON, [join(REFERENCE, 'family.py'), directory, name], { stdio: 'inherit' });
  const made = readCase(directory);
  expect(made.runs.length).toBeGreaterThan(0);
  await body(made);
  rmSync(directory, { recursive: true });
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
  await withNetwork(name, async (made) => {
    for (const run of made.runs) await answersAlike(made, run);
    const [first] = made.runs as [Run, ...Run[]]; // with the config as it is in the file
    await isCloseInHalf(made, first);
  });
});

test.each(AT_EVERY_SIZE)("%s gives transformers' maps at every size", async (name) => {
  await withNetwork(name, async (made) => {
    for (const { rounding, ...run } of made.runs)
      await answersAlike(made, MAGNIFYING.has(name) && rounding ? { ...run, rounding } : run);
  });
});
