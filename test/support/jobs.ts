// Jobs over inputs and a model that are made up.
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine } from '../../lib/batch/engine';
import type { Listed } from '../../lib/batch/inputs/listed';
import { finishJob } from '../../lib/batch/job/manifest';
import { readDone } from '../../lib/batch/job/done';
import { openJob, type OpenOptions } from '../../lib/batch/job/journal';
import { runParts } from '../../lib/batch/job/run_parts';
import type { JobSettings } from '../../lib/batch/job/settings';
import type { BatchRow } from '../../lib/batch/row';
import type { Store } from '../../lib/batch/store/store';
import { BitError } from '../../lib/errors';

export const SETTINGS: JobSettings = {
  task: 'image-classification',
  format: 'jsonl',
  partSize: 3,
  model: { source: 'a model', revision: null, files: { 'config.json': 'abc' } },
  options: { topK: 1 },
};

export const temporaryFolder = () => mkdtempSync(join(tmpdir(), 'bit job '));

export async function* listing(names: readonly string[]): AsyncGenerator<Listed> {
  for (const path of names) yield { path };
}

/** Says of each image what its path is; of those named 'bad' that they are broken. */
export const ENGINE: Pick<Engine, 'settled' | 'shape' | 'together'> = {
  shape: { task: 'image-classification', width: 1 },
  together: 1,
  settled: async function* (images) {
    let index = 0;
    for await (const image of images) {
      await Promise.resolve();
      if (String(image).includes('bad')) yield { index: index++, error: broken(String(image)) };
      else yield { index: index++, result: { predictions: [{ label: String(image), score: 1 }] } };
    }
  },
};

const broken = (path: string) =>
  new BitError('ERR_BIT_IMAGE', `Cannot decode the image ${path}: it is bad`);

/** As batch() goes through a job. */
export async function runJob(
  store: Store,
  names: readonly string[],
  {
    settings = SETTINGS,
    restart = false,
    planned = false,
  }: Partial<OpenOptions> & { settings?: JobSettings } = {},
): Promise<BatchRow[]> {
  const job = await openJob(store, settings, () => listing(names), { restart, planned });
  const done = await readDone(store, job);
  const left = job.plan.parts.map((_, part) => part).filter((part) => !done.has(part));
  const rows: BatchRow[] = [];
  for await (const row of runParts(left, { store, job, engine: ENGINE, retries: 0 }))
    rows.push(row);
  await finishJob(store, job);
  return rows;
}

/** What is written, file by file, in order; a line each. */
export function writtenRows(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => /^part-.*\.jsonl$/.test(name));
  const texts = names.sort().map((name) => readFileSync(join(folder, name), 'utf8'));
  return texts.flatMap((text) => text.trimEnd().split('\n'));
}
