import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { SingleBar } from 'cli-progress';
import { BitError } from '../../lib/errors';

import { runBatches } from '../../lib/cli/batches';
import { Progress } from '../../lib/cli/progress';
import type { HeldImage } from '../../lib/image/input';
import { settledOf } from '../../lib/pipelines/settled';

let dir: string;
let stderr: jest.SpyInstance;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bit batches '));
  stderr = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
});

afterEach(() => {
  jest.restoreAllMocks();
  rmSync(dir, { recursive: true, force: true });
});

/** Runs files of these names; `run` sees names, not paths. */
async function runNames(
  names: string[],
  run: (name: string) => string | Promise<string>,
  extra: string[] = [],
  quiet = false,
) {
  for (const name of names) writeFileSync(join(dir, name), '');
  const context = { args: [], signal: new AbortController().signal, exitCode: 0 };
  const results: string[] = [];
  const dispose = jest.fn(async () => undefined);
  // A pipeline's loop over a model that makes of each image what `run` does.
  const processor = {
    pixelValues: async (image: unknown) => (image as HeldImage).source as never,
    stage: () => Promise.reject(new Error('for GPUs')),
  };
  const forward = async (path: unknown) => run(basename(path as string));
  const work = {
    processor,
    model: { device: 'cpu', forward },
    options: { batchSize: 3, signal: context.signal },
    resultsOf: (result: string) => [result],
  };
  const load = jest.fn(async () => ({
    settled: async function* (paths: AsyncIterable<string>) {
      const taken: string[] = [];
      for await (const { index, result, error } of settledOf(noting(paths, taken), work)) {
        const path = taken[index] as string;
        yield error ? { path, error } : { path, result: result as string };
      }
    },
    dispose,
  }));
  const job = {
    args: [...names, ...extra].map((name) => join(dir, name)),
    quiet,
    load,
    onResult: (path: string, result: string) => void results.push(`${basename(path)}=${result}`),
  };
  const failed = await runBatches(job, context);
  const short = failed.map(({ path, code, message }) => `${basename(path)} ${code} ${message}`);
  return { results, failed: short, exitCode: context.exitCode, load, dispose };
}

async function* noting(paths: AsyncIterable<string>, taken: string[]) {
  for await (const path of paths) {
    taken.push(path);
    yield path;
  }
}

const upper = (name: string) => name.toUpperCase();

test('all is well: results in order, whichever is done first, counted, exit code 0', async () => {
  const update = jest.spyOn(Progress.prototype, 'update');
  const stop = jest.spyOn(Progress.prototype, 'stop');
  const late = (name: string) =>
    new Promise<string>((done) => setTimeout(() => done(upper(name)), name === 'a' ? 30 : 0));
  const outcome = await runNames(['a', 'b', 'c', 'd'], late);
  expect(outcome.results).toEqual(['a=A', 'b=B', 'c=C', 'd=D']);
  expect([outcome.failed, outcome.exitCode]).toEqual([[], 0]);
  const drawn = [1, 2, 3, 4].map((done) => ['images', done, 4, `${done} of 4`]);
  expect(update.mock.calls).toEqual(drawn);
  expect(stop).toHaveBeenCalledTimes(1);
  expect(outcome.dispose).toHaveBeenCalledTimes(1);
});

test('images that fail are set aside, each tried once, and the others run', async () => {
  const tried: string[] = [];
  const outcome = await runNames(['a', 'bad1', 'bad2', 'd'], (name) => {
    tried.push(name);
    if (!name.startsWith('bad')) return upper(name);
    throw new BitError('ERR_BIT_IMAGE', 'no image');
  });
  expect(tried).toEqual(['a', 'bad1', 'bad2', 'd']);
  expect(outcome.results).toEqual(['a=A', 'd=D']);
  expect(outcome.failed).toEqual(['bad1 ERR_BIT_IMAGE no image', 'bad2 ERR_BIT_IMAGE no image']);
  expect(outcome.exitCode).toBe(1);
  expect(stderr.mock.calls.join('')).toContain('2 of 4 failed');
});

test('a few batches are in flight, and no more', async () => {
  let running = 0;
  let most = 0;
  const names = Array.from({ length: 30 }, (_, i) => `image${i}`);
  await runNames(names, async (name) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 1));
    running--;
    return upper(name);
  });
  expect(most).toBe(9);
});

test('what is not about an image ends it, and the model is freed', async () => {
  const memory = new BitError('ERR_BIT_OUT_OF_MEMORY', 'too much');
  const failing = runNames(['a'], () => {
    throw memory;
  });
  await expect(failing).rejects.toBe(memory);
});

test('of all that were asked for, those that are not there count too', async () => {
  await runNames(['a', 'b'], upper, ['nope.png']);
  expect(stderr.mock.calls.join('')).toContain('1 of 3 failed');
});

describe('the bar', () => {
  const streams = [process.stdout, process.stderr] as const;
  const before = streams.map(({ isTTY }) => isTTY);
  afterEach(() => streams.forEach((stream, i) => (stream.isTTY = before[i] as boolean)));

  /** Whether it is drawn with terminals there. */
  async function isDrawn(stdout: boolean, stderrIs: boolean, quiet: boolean): Promise<boolean> {
    process.stdout.isTTY = stdout;
    process.stderr.isTTY = stderrIs;
    const start = jest.spyOn(SingleBar.prototype, 'start').mockImplementation();
    jest.spyOn(SingleBar.prototype, 'update').mockImplementation();
    jest.spyOn(SingleBar.prototype, 'stop').mockImplementation();
    await runNames(['a'], upper, [], quiet);
    return start.mock.calls.length > 0;
  }

  test.each([
    ['not where results are printed among it', true, true, false, false],
    ['where results go elsewhere', false, true, false, true],
    ['where results come at the end', true, true, true, true],
    ['not where there is no terminal', false, false, true, false],
  ])('%s', async (_, stdout, stderrIs, quiet, drawn) => {
    expect(await isDrawn(stdout, stderrIs, quiet)).toBe(drawn);
  });
});

test('no model is loaded for nothing', async () => {
  const outcome = await runNames([], upper, ['nope.png']);
  expect(outcome.load).not.toHaveBeenCalled();
  expect(outcome.failed).toEqual(['nope.png ERR_BIT_IMAGE there is no such image']);
  expect(outcome.exitCode).toBe(1);
});
