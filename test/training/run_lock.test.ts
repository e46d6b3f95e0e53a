// One run at a time in a folder, of this process and of others.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fineTune } from '../../lib';
import { RunLock } from '../../lib/training/run_lock';
import { ROOT, runNode } from '../support/child';
import { failure } from '../support/queue';
import { temporaryFolder } from '../support/temporary';
import { stripes, tinyModel } from '../support/training';

const root = temporaryFolder();
const path = join(root, 'lock');
const OWNER = `process ${process.pid} on ${hostname()}`;
const inUse = (place: string, owner = OWNER) =>
  `ERR_BIT_OUTPUT: ${place} is in use: ${owner} trains there. Wait for it to end, or choose another output`;

/** What another process is told that would like to have the lock. */
async function asAnother(): Promise<string> {
  const script = `const { loadBinding } = require(${JSON.stringify(join(ROOT, 'dist/binding/load'))});
    console.log(loadBinding().lockFile(${JSON.stringify(path)}) ? 'free' : 'held');`;
  return (await runNode(['-e', script])).stdout.trim();
}

test('a lock is had by one at a time, who is named to others', async () => {
  const lock = await RunLock.take(path, 'here');
  expect(await failure(RunLock.take(path, 'here'))).toBe(inUse('here'));
  expect(await asAnother()).toBe('held');
  lock.release();
  expect(await asAnother()).toBe('free');
  // The other one has ended without a word.
  (await RunLock.take(path, 'here')).release();
});

test('one whose holder has said nothing of itself', async () => {
  const lock = await RunLock.take(path, 'here');
  writeFileSync(path, '');
  expect(await failure(RunLock.take(path, 'here'))).toBe(inUse('here', 'another process'));
  lock.release();
});

test('a folder that is not there is told', async () => {
  const lost = join(root, 'gone', 'lock');
  expect(await failure(RunLock.take(lost, 'here'))).toBe(
    `ERR_BIT_OUTPUT: Cannot write ${lost}: Cannot open ${lost}: No such file or directory`,
  );
});

describe('a run', () => {
  let model: string;
  let data: string;
  beforeAll(async () => {
    model = await tinyModel(root);
    data = stripes(root, { narrow: 4, wide: 4 });
  });
  const output = join(root, 'out');
  afterEach(() => rmSync(output, { recursive: true, force: true }));

  type More = { restart?: boolean; seed?: number };
  const always = { output, validation: null, report: false } as const;
  const whole = { ...always, batchSize: 4, maxSteps: 3 };
  const WAYS = {
    'of the network': (more: More = {}, from = data) =>
      fineTune(model, from, { ...whole, ...more }),
    'of a head': (more: More = {}, from = data) =>
      fineTune(model, from, { ...always, headOnly: true, ...more }),
  };

  test.each(Object.entries(WAYS))('%s has its folder alone, until it ends', async (_, begin) => {
    const first = begin()[Symbol.asyncIterator]();
    await first.next();
    for (const restart of [false, true])
      expect(await failure(begin({ restart }).result())).toBe(inUse(output));
    await first.return?.();
    await begin().result();
    const model = readdirSync(output);
    await begin({ restart: true }).result();
    expect(readdirSync(output)).toEqual(model);
  });

  test.each(Object.entries(WAYS))(
    '%s whose pictures are all broken leaves it',
    async (_, begin) => {
      const broken = join(root, 'broken');
      for (const label of ['a', 'b']) {
        mkdirSync(join(broken, label), { recursive: true });
        writeFileSync(join(broken, label, '0.png'), 'nothing');
      }
      for (let time = 0; time < 2; time++)
        expect(await failure(begin({}, broken).result())).toContain('ERR_BIT_CONFIG');
    },
  );

  test.each(Object.entries(WAYS))('%s that cannot begin leaves it', async (_, begin) => {
    await begin().result();
    const other = { seed: 5 };
    for (let time = 0; time < 2; time++)
      expect(await failure(begin(other).result())).toContain('holds a run of other settings');
    await begin({ ...other, restart: true }).result();
  });
});
