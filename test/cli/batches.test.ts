import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { BitError } from '../../lib/errors';

jest.mock('../../lib/index', () => jest.requireActual('../../lib/errors'));
import { runBatches } from '../../lib/cli/batches';

let dir: string;
let stderr: jest.SpyInstance;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bit batches '));
  stderr = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
});

afterEach(() => {
  stderr.mockRestore();
  rmSync(dir, { recursive: true, force: true });
});

/** Runs files of these names; `run` sees names, not paths. */
async function runNames(names: string[], run: (names: string[]) => string[], extra: string[] = []) {
  for (const name of names) writeFileSync(join(dir, name), '');
  const context = { signal: new AbortController().signal, exitCode: 0 };
  const results: string[] = [];
  const dispose = jest.fn(async () => undefined);
  const load = jest.fn(async () => ({
    run: async (paths: string[]) => run(paths.map((path) => basename(path))),
    dispose,
  }));
  const job = {
    args: [...names, ...extra].map((name) => join(dir, name)),
    batchSize: 3,
    quiet: false,
    load,
    onResult: (path: string, result: string) => void results.push(`${basename(path)}=${result}`),
  };
  const failed = await runBatches(job, context);
  const short = failed.map(({ path, code, message }) => `${basename(path)} ${code} ${message}`);
  return { results, failed: short, exitCode: context.exitCode, load, dispose };
}

const upper = (names: string[]) => names.map((name) => name.toUpperCase());

test('all is well: results in order, exit code 0', async () => {
  const calls: string[][] = [];
  const outcome = await runNames(['a', 'b', 'c', 'd'], (names) =>
    upper(calls[calls.push(names) - 1] ?? []),
  );
  expect(calls).toEqual([['a', 'b', 'c'], ['d']]);
  expect(outcome.results).toEqual(['a=A', 'b=B', 'c=C', 'd=D']);
  expect([outcome.failed, outcome.exitCode]).toEqual([[], 0]);
  expect(outcome.dispose).toHaveBeenCalledTimes(1);
});

test('the image that the error names is set aside, the rest of its batch runs', async () => {
  const outcome = await runNames(['a', 'bad1', 'bad2', 'd'], (names) => {
    const index = names.findIndex((name) => name.startsWith('bad'));
    if (index < 0) return upper(names);
    throw new BitError('ERR_BIT_IMAGE', `Image ${index} of ${names.length}: no image`, { index });
  });
  expect(outcome.results).toEqual(['a=A', 'd=D']);
  expect(outcome.failed).toEqual(['bad1 ERR_BIT_IMAGE no image', 'bad2 ERR_BIT_IMAGE no image']);
  expect(outcome.exitCode).toBe(1);
  expect(stderr.mock.calls.join('')).toContain('2 of 4 failed');
});

test('an error that names no image makes its batch run one by one', async () => {
  const outcome = await runNames(['a', 'odd', 'c'], (names) => {
    if (names.length > 1) throw new BitError('ERR_BIT_SHAPE', 'sizes differ');
    if (names[0] === 'odd') throw new BitError('ERR_BIT_IMAGE', 'no image');
    return upper(names);
  });
  expect(outcome.results).toEqual(['a=A', 'c=C']);
  expect(outcome.failed).toEqual(['odd ERR_BIT_IMAGE no image']);
});

test('what is not about an image ends it, and the model is freed', async () => {
  const memory = new BitError('ERR_BIT_OUT_OF_MEMORY', 'too much');
  const failing = runNames(['a'], () => {
    throw memory;
  });
  await expect(failing).rejects.toBe(memory);
});

test('no model is loaded for nothing', async () => {
  const outcome = await runNames([], upper, ['nope.png']);
  expect(outcome.load).not.toHaveBeenCalled();
  expect(outcome.failed).toEqual(['nope.png ERR_BIT_IMAGE there is no such image']);
  expect(outcome.exitCode).toBe(1);
});
