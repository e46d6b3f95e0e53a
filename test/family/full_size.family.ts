// Networks of the paper's sizes at random weights, made by transformers on the spot.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { answersAlike } from '../support/parity';
import { readCase, REFERENCE } from '../support/reference';
import { temporaryFolder } from '../support/temporary';

const PYTHON = process.env['PYTHON'] ?? 'python3';
const FOLDER = temporaryFolder();
const NETWORKS = ['r50x1_224', 'r50x3_224', 'r101x1_448', 'hybrid_384'];

function makeNetwork(directory: string, name: string) {
  execFileSync(PYTHON, [join(REFERENCE, 'family.py'), directory, name], { stdio: 'inherit' });
  return readCase(directory);
}

test.each(NETWORKS)("%s gives transformers' numbers", async (name) => {
  const made = makeNetwork(join(FOLDER, name), name);
  expect(made.runs.length).toBeGreaterThan(0);
  for (const run of made.runs) await answersAlike(made, run);
});
