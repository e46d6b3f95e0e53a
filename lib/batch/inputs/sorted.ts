// Any number of names in order, of which never more than so many are in memory: an external merge sort.
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { linesOf } from './lines';

/** Some 20 MB of names. */
const IN_MEMORY = 100_000;

/** By UTF-16 code units, as `<` compares. */
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** @param inMemory names that are held at once; those beyond wait in files of the system's folder for such. */
export async function* sorted(
  names: AsyncIterable<string>,
  inMemory = IN_MEMORY,
): AsyncGenerator<string, void, undefined> {
  let run: string[] = [];
  let folder: string | null = null;
  const files: string[] = [];
  try {
    for await (const name of names) {
      run.push(name);
      if (run.length < inMemory) continue;
      folder ??= await mkdtemp(join(tmpdir(), 'bigtransfer-names-'));
      files.push(await spill(run.sort(compare), join(folder, `${files.length}.jsonl`)));
      run = [];
    }
    run.sort(compare);
    if (files.length === 0) yield* run;
    else yield* merged([...files.map(namesIn), run[Symbol.iterator]()]);
  } finally {
    if (folder !== null) await rm(folder, { recursive: true, force: true });
  }
}

/** As JSON, for names may hold line breaks. */
async function spill(names: string[], path: string): Promise<string> {
  await writeFile(path, names.map((name) => `${JSON.stringify(name)}\n`).join(''));
  return path;
}

async function* namesIn(path: string): AsyncGenerator<string> {
  for await (const line of linesOf(createReadStream(path))) yield JSON.parse(line) as string;
}

type Run = Iterator<string> | AsyncIterator<string>;

/** Runs that are in order each, as one; closes them, wherever it ends. */
async function* merged(runs: Run[]): AsyncGenerator<string> {
  const heads: { name: string; run: Run }[] = [];
  try {
    for (const run of runs) {
      const { done, value } = await run.next();
      if (!done) heads.push({ name: value, run });
    }
    while (heads.length > 0) {
      const least = heads.reduce((a, b) => (b.name < a.name ? b : a));
      yield least.name;
      const { done, value } = await least.run.next();
      if (done) heads.splice(heads.indexOf(least), 1);
      else least.name = value;
    }
  } finally {
    for (const run of runs) await run.return?.();
  }
}
