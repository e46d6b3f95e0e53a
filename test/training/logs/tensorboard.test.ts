import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os, { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { TensorBoardFile } from '../../../lib/training/logs/tensorboard';

interface Case {
  name: string;
  seconds: number;
  after: number | null;
  rows: [step: number, scalars: Record<string, number | string>][];
  /** Of the whole file as TensorBoard's own writer has it, in base64. */
  bytes: string;
}

const { cases } = JSON.parse(
  readFileSync(join(__dirname, '..', '..', 'reference', 'tensorboard.json'), 'utf8'),
) as {
  cases: Case[];
};
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bigtransfer-test-'));
  jest.spyOn(Date, 'now').mockReturnValue(1_796_000_000_000);
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

/** JSON has no words for some numbers. */
const numbers = (scalars: Record<string, number | string>) =>
  Object.fromEntries(Object.entries(scalars).map(([tag, value]) => [tag, Number(value)]));
const begun = async (after: number | null = null) => {
  const file = await TensorBoardFile.begin(folder, { after });
  await file.close();
  return file.path;
};

describe('an event file', () => {
  test.each(cases)("has the bytes of TensorBoard's own: $name", async (each) => {
    jest.spyOn(Date, 'now').mockReturnValue(1000 * each.seconds);
    const file = await TensorBoardFile.begin(folder, { after: each.after });
    for (const [step, scalars] of each.rows) await file.append(step, numbers(scalars));
    await file.close();
    expect(readFileSync(file.path).toString('base64')).toBe(each.bytes);
  });

  test('is named as TensorBoard looks for it, by the second at which it begins', async () => {
    await begun();
    expect(readdirSync(folder)).toEqual([
      expect.stringMatching(/^events\.out\.tfevents\.1796000000\.[\w.-]+\.\d+$/),
    ]);
  });

  test.each([
    ['node-7.example.com', 'node-7.example.com'],
    ['../a b/ü', '..-a-b--'],
    ['', 'localhost'],
  ])('names the host %j as %s', async (host, named) => {
    jest.spyOn(os, 'hostname').mockReturnValue(host);
    expect(basename(await begun())).toBe(`events.out.tfevents.1796000000.${named}.${process.pid}`);
  });

  test('takes no more when it is closed', async () => {
    const file = await TensorBoardFile.begin(folder);
    await file.close();
    await expect(file.append(1, { loss: 1 })).rejects.toThrow('it was closed');
  });

  test('comes after all that are there, whatever the clock says', async () => {
    const paths = [await begun(), await begun(), await begun()];
    jest.spyOn(Date, 'now').mockReturnValue(1_700_000_000_000);
    paths.push(await begun());
    expect(paths).toEqual([...paths].sort());
    expect(new Set(paths).size).toBe(4);
    jest.spyOn(Date, 'now').mockReturnValue(1_797_000_000_000);
    expect(await begun()).toContain('tfevents.1797000000.');
  });

  test('is not mistaken for another: names that only look alike count for nothing', async () => {
    writeFileSync(join(folder, 'events.out.tfevents.9999999999'), '');
    writeFileSync(join(folder, 'my-events.out.tfevents.1900000000.host'), '');
    expect(await begun()).toContain('tfevents.1796000000.');
  });

  test('two that are begun at once are two', async () => {
    const files = await Promise.all([1, 2, 3].map(() => TensorBoardFile.begin(folder)));
    await Promise.all(files.map((file, i) => file.append(i, { loss: i })));
    await Promise.all(files.map((file) => file.close()));
    expect(new Set(files.map(({ path }) => path)).size).toBe(3);
  });

  test('holds what was appended at once in the order of the calls', async () => {
    const one = await TensorBoardFile.begin(folder);
    await Promise.all([1, 2, 3, 4].map((step) => one.append(step, { loss: step })));
    await one.close();
    const other = await TensorBoardFile.begin(folder);
    for (const step of [1, 2, 3, 4]) await other.append(step, { loss: step });
    await other.close();
    expect(readFileSync(one.path)).toEqual(readFileSync(other.path));
  });
});

describe('wrong input', () => {
  test.each([0.5, NaN, Infinity, 2 ** 53])(
    'a step of %p is refused, and writes nothing',
    async (step) => {
      const file = await TensorBoardFile.begin(folder);
      const before = readFileSync(file.path);
      await expect(file.append(step, { loss: 1 })).rejects.toMatchObject({
        code: 'ERR_BIT_CONFIG',
        message: `Expected an integer for step but received ${step}`,
      });
      await file.append(1, {});
      await file.close();
      expect(readFileSync(file.path).subarray(0, before.length)).toEqual(before);
    },
  );

  test('a folder that is not there', async () => {
    await expect(TensorBoardFile.begin(join(folder, 'none'))).rejects.toMatchObject({
      code: 'ERR_BIT_OUTPUT',
      message: expect.stringMatching(
        /^Cannot write .*tfevents.*: there is no such file or folder$/,
      ) as string,
    });
  });

  test('a file where the folder should be', async () => {
    writeFileSync(join(folder, 'file'), '');
    await expect(TensorBoardFile.begin(join(folder, 'file'))).rejects.toMatchObject({
      code: 'ERR_BIT_OUTPUT',
      message: expect.stringMatching(/a part of its path is no folder$/) as string,
    });
    mkdirSync(join(folder, 'sub'));
    expect(readdirSync(join(folder, 'sub'))).toEqual([]);
  });
});
