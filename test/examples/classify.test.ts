// The three ways to write a first program.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/child';
import { temporaryFolder } from '../support/temporary';
import { copyExample, EXAMPLES, runExample } from './copied';

jest.setTimeout(120_000);

const BOAT = /^ 9\d\.\d % {2}boat\n( +\d+\.\d % {2}\w+\n){2}$/;
const folder = temporaryFolder();

beforeAll(async () => {
  for (const name of ['classify.js', 'classify.mjs', 'classify.ts', 'pictures'])
    copyExample(name, folder);
  // As the head of classify.ts says, with the clone's compiler.
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const options = ['--strict', '--module', 'nodenext', '--target', 'es2022', '--outDir', 'out'];
  const { code, stdout } = await runExample(folder, [tsc, ...options, 'classify.ts']);
  expect([code, stdout]).toEqual([0, '']);
  cpSync(join(folder, 'pictures'), join(folder, 'out', 'pictures'), { recursive: true });
});

describe.each(['classify.js', 'classify.mjs', join('out', 'classify.js')])('%s', (program) => {
  const run = (...args: string[]) => runExample(folder, [program, ...args]);

  test('the boat, unless another picture is given', async () => {
    expect(await run()).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(BOAT) });
    const { stdout } = await run(join('pictures', 'cat.jpg'));
    expect(stdout).toMatch(/^ 9\d\.\d % {2}cat\n/);
  });

  test('a model of the caller', async () => {
    const model = join(ROOT, 'models', 'bit-mini-scenes');
    const { stdout } = await run(join('pictures', 'boat.jpg'), model);
    expect(stdout).toMatch(BOAT);
  });

  test.each([
    [['missing.jpg'], /^Cannot read missing\.jpg: no such file\n$/],
    [['classify.mjs'], /^Cannot read classify\.mjs: it is no picture[^\n]*\n$/],
    [['pictures'], /^Cannot read pictures: [^\n]*\n$/],
    [[join('pictures', 'boat.jpg'), './nowhere'], /^There is nothing at '\.\/nowhere'[^\n]*\n$/],
  ])('%j ends in one line and exit code 1', async (args, line) => {
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(line);
  });
});

test('those that need no compiler run in a clone, too', async () => {
  for (const program of ['classify.js', 'classify.mjs']) {
    const { stdout } = await runExample(EXAMPLES, [program]);
    expect(stdout).toMatch(BOAT);
  }
});
