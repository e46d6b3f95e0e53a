import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { markDone, readDone, type DonePart } from '../../../lib/batch/job/done';
import { openJob } from '../../../lib/batch/job/journal';
import { FolderStore } from '../../../lib/batch/store/folder';
import { emptyTally } from '../../../lib/batch/job/tally';
import { listing, runJob, SETTINGS, temporaryFolder, writtenRows } from '../../support/jobs';

const NAMES = ['a', 'b', 'c', 'd'];
let folder: string;
let store: FolderStore;

beforeEach(() => {
  folder = temporaryFolder();
  store = new FolderStore(folder);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const pathsOf = (rows: string[]) => rows.map((row) => (JSON.parse(row) as { path: string }).path);
const written = () => pathsOf(writtenRows(folder));
const open = (names: string[], options = {}, settings = SETTINGS) =>
  openJob(store, settings, () => listing(names), { restart: false, planned: false, ...options });

describe('another job under the same output is refused', () => {
  const refused = async (promise: Promise<unknown>) => {
    const error = await promise.catch((each: unknown) => each);
    expect(error).toMatchObject({ code: 'ERR_BIT_OUTPUT' });
    return (error as Error).message;
  };

  test.each([
    ['task', { ...SETTINGS, task: 'image-feature-extraction' as const }],
    ['format', { ...SETTINGS, format: 'csv' as const }],
    ['partSize', { ...SETTINGS, partSize: 4 }],
    ['model', { ...SETTINGS, model: { ...SETTINGS.model, source: 'another', files: {} } }],
    ['SHA-256 of config.json', { ...SETTINGS, model: { ...SETTINGS.model, files: {} } }],
    ['topK', { ...SETTINGS, options: { topK: 2 } }],
    ['topK', { ...SETTINGS, options: {} }],
    ['dtype', { ...SETTINGS, options: { topK: 1, dtype: 'bfloat16' } }],
  ])('of another %s', async (name, settings) => {
    await open(NAMES);
    expect(await refused(open(NAMES, {}, settings))).toMatch(
      new RegExp(`^${folder} holds a job of other settings: ${name} was .* and is `),
    );
  });

  test('but not of the same files under another name', async () => {
    const first = await open(NAMES);
    const model = { ...SETTINGS.model, source: '/elsewhere', revision: 'f00' };
    const options = { ...SETTINGS.options, revision: 'main', subfolder: 'x' };
    expect(await open(NAMES, {}, { ...SETTINGS, model, options })).toEqual(first);
  });

  test('of other inputs, more, others or in another order', async () => {
    await open(NAMES);
    expect(await refused(open([...NAMES, 'e']))).toContain('it has 4, and now there are 5.');
    expect(await refused(open(['a', 'b', 'c', 'e']))).toContain('4, others or in another order.');
    expect(await refused(open(['b', 'a', 'c', 'd']))).toContain('others or in another order');
  });

  test('and of files that no job is known of', async () => {
    writeFileSync(join(folder, 'part-00000.csv'), '');
    expect(await refused(open(NAMES))).toContain('has part-00000.csv and no job');
    expect(readdirSync(folder)).toEqual(['part-00000.csv']);
  });

  test.each(['{', '{}', 'null', '[]', '{"id":"x","plan":{}}'])(
    'and one that is %j',
    async (text) => {
      await open(NAMES);
      writeFileSync(join(folder, '.job', 'job.json'), text);
      expect(await refused(open(NAMES))).toBe(
        `.job/job.json in ${folder} is broken: start the job anew (restart)`,
      );
    },
  );
});

test('with `planned` a job goes on with the inputs that it began with', async () => {
  const first = await open(NAMES);
  const again = await open(['x'], { planned: true });
  expect(again).toEqual(first);
  await runJob(store, ['x'], { planned: true });
  expect(written()).toEqual(NAMES);
});

test('with `restart` it begins anew, and what is not its own stays', async () => {
  await runJob(store, NAMES);
  writeFileSync(join(folder, 'part-1.txt'), 'mine');
  writeFileSync(join(folder, '_report.html'), 'theirs');
  const settings = { ...SETTINGS, partSize: 2 };
  await runJob(store, ['z', 'y', 'x'], { restart: true, settings });
  expect(written()).toEqual(['z', 'y', 'x']);
  expect(readdirSync(folder).sort()).toEqual([
    '.job',
    '_manifest.json',
    'part-00000.jsonl',
    'part-00001.jsonl',
    'part-1.txt',
  ]);
});

test('with `restart` nobody counts who still works for the job before', async () => {
  const { id } = await open(NAMES);
  // One that was past the fence as the job was begun anew, and comes to its end after that.
  const now = await openJob(store, SETTINGS, () => listing(NAMES), {
    restart: true,
    planned: false,
  });
  const late: DonePart = {
    ...{
      part: 0,
      rows: 3,
      errors: {},
      finished: '',
      seconds: 1,
      worker: 'late',
      tally: emptyTally(),
    },
    files: [{ name: 'part-00000.jsonl', from: '.job/tmp/gone.jsonl', bytes: 1, sha256: '' }],
  };
  await markDone(store, { id }, late);
  writeFileSync(join(folder, 'part-00068.jsonl'), 'late');
  expect((await readDone(store, now)).size).toBe(0);
  expect(await runJob(store, NAMES)).toHaveLength(4);
  expect(written()).toEqual(NAMES);
  expect(readdirSync(join(folder, '.job')).filter((name) => name.startsWith('done-'))).toEqual([
    `done-${now.id}`,
  ]);
});

test('of several processes that begin one job at once, all do the same one', async () => {
  const jobs = await Promise.all(Array.from({ length: 5 }, () => open(NAMES)));
  expect(new Set(jobs.map(({ id }) => id)).size).toBe(1);
  const plans = readdirSync(join(folder, '.job')).filter((name) => name.startsWith('plan-'));
  expect(plans).toEqual([`plan-${jobs[0]?.id}.jsonl`]);
});

test('a job without inputs is done at once', async () => {
  expect(await runJob(store, [])).toEqual([]);
  expect(readdirSync(folder)).toContain('_manifest.json');
});

test('a plan that is cut short is named', async () => {
  const { plan } = await open(NAMES);
  const path = join(folder, plan.file as string);
  writeFileSync(path, readFileSync(path).subarray(0, 20));
  await expect(runJob(store, NAMES)).rejects.toMatchObject({ code: 'ERR_BIT_OUTPUT' });
});
