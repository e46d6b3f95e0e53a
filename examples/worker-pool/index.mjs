// Looks at the pictures of folders in worker threads that share one model, and tells what it took.
import { readdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import { BitError, BitForImageClassification, DEFAULT_MODEL } from 'bigtransfer';
import { Piscina } from 'piscina';

const USAGE = `node index.mjs FOLDER... [--threads N] [--model MODEL] [--repeat N] [--quiet]`;
const OPTIONS = {
  threads: { type: 'string', default: String(availableParallelism()) },
  model: { type: 'string', default: DEFAULT_MODEL },
  repeat: { type: 'string', default: '1' },
  quiet: { type: 'boolean', default: false },
};
const PICTURE = /\.(jpe?g|png|webp|gif|tiff?|avif)$/i;
const MAX_THREADS = 256;
/** Pictures of a worker that are under way: while one is decoded or waits for the model, another is looked at. */
const AT_ONCE = 4;
const WRONG_USAGE = 2;

class UsageError extends Error {}

function parsed() {
  try {
    const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
    if (positionals.length === 0) throw new UsageError('Which folders?');
    const threads = whole(values.threads, '--threads', MAX_THREADS);
    const repeat = whole(values.repeat, '--repeat', Number.MAX_SAFE_INTEGER);
    return { ...values, threads, repeat, folders: positionals };
  } catch (error) {
    throw new UsageError(`${error.message}\n${USAGE}`);
  }
}

function whole(text, name, most) {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new UsageError(`${name} is a whole number from 1 on, not ${text}`);
}

/** Paths of the pictures in folders, without those in folders below. */
async function* picturesOf(folders, repeat) {
  for (let round = 0; round < repeat; round++)
    for (const folder of folders)
      for (const name of (await readdir(folder)).sort())
        if (PICTURE.test(name)) yield join(folder, name);
}

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;

function line({ path, error, label, score, sharpness, fingerprint }) {
  if (error) return `${path}: ${error}`;
  const numbers = [
    `${(100 * score).toFixed(1)} %`,
    `sharpness ${sharpness.toFixed(0)}`,
    fingerprint,
  ];
  return `${path}: ${label} ${numbers.join(', ')}`;
}

/** Pictures in order, some under way at once; names and results pass through as a stream. */
async function lookAtAll(pool, { folders, repeat, threads, quiet }) {
  const counts = { pictures: 0, unreadable: 0 };
  const look = (path, { signal }) => pool.run(path, { signal });
  const looks = Readable.from(picturesOf(folders, repeat)).map(look, {
    concurrency: threads * AT_ONCE,
  });
  for await (const each of looks) {
    counts.pictures++;
    if (each.error) counts.unreadable++;
    if (each.error) console.error(line(each));
    else if (!quiet) console.log(line(each));
  }
  return counts;
}

/** What it took, from what the model itself counts. */
function summary({ pictures, unreadable }, { threads, seconds, before, model }) {
  const { memory, batches } = model.stats();
  const calls = batches.reduce((sum, { count }) => sum + count, 0);
  const images = batches.reduce((sum, each) => sum + each.images * each.count, 0);
  const inBatch = calls === 0 ? 0 : images / calls;
  const now = process.memoryUsage.rss();
  return [
    `${pictures} pictures, ${unreadable} unreadable, by ${threads} workers`,
    `${(pictures / seconds).toFixed(1)} images/s, ${inBatch.toFixed(1)} in a batch`,
    `memory: model ${megabytes(memory.bytes)}, once; process ${megabytes(before)} before the workers, ${megabytes(now)} at the end`,
  ].join('\n');
}

async function main() {
  const options = parsed();
  const { model: source, threads } = options;
  const model = await BitForImageClassification.fromPretrained(source);
  const before = process.memoryUsage.rss();
  const pool = new Piscina({
    filename: new URL('worker.mjs', import.meta.url).href,
    workerData: { shared: model.share(), source },
    minThreads: threads,
    maxThreads: threads,
    concurrentTasksPerWorker: AT_ONCE,
  });
  try {
    const start = performance.now();
    const counts = await lookAtAll(pool, options);
    const seconds = (performance.now() - start) / 1000;
    console.log(summary(counts, { threads, seconds, before, model }));
    if (counts.unreadable > 0) process.exitCode = 1;
  } finally {
    await pool.destroy();
    await model.dispose();
  }
}

main().catch((error) => {
  const isOutside = error instanceof UsageError || error instanceof BitError || error.syscall;
  console.error(isOutside ? error.message : error);
  process.exitCode = error instanceof UsageError ? WRONG_USAGE : 1;
});
