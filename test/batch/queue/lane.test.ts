// Parts of a job through one engine, as they come.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readDone } from '../../../lib/batch/job/done';
import { openJob, type Job } from '../../../lib/batch/job/journal';
import { Lane } from '../../../lib/batch/queue/lane';
import { FolderStore } from '../../../lib/batch/store/folder';
import { BitError } from '../../../lib/errors';
import { ENGINE, listing, SETTINGS, writtenRows } from '../../support/jobs';
import { failure, wait } from '../../support/queue';
import { temporaryFolder } from '../../support/temporary';

const NAMES = ['a', 'b', 'bad c', 'd', 'e', 'f', 'g'];
const root = temporaryFolder();
let count = 0;
let store: FolderStore;
let job: Job;
let codes: (string | undefined)[];

beforeEach(async () => {
  store = new FolderStore(join(root, String(count++)));
  const options = { restart: false, planned: false };
  job = await openJob(store, SETTINGS, () => listing(NAMES), options);
  codes = [];
});

const open = (engine = ENGINE, signal?: AbortSignal) =>
  new Lane({ store, job, engine, retries: 0, signal }, (code) => codes.push(code));
const paths = () =>
  writtenRows(store.place).map((line) => (JSON.parse(line) as { path: string }).path);

test('does each part that is added, and tells of its rows', async () => {
  const lane = open();
  const records = await Promise.all([lane.add(1), lane.add(0)]);
  expect(records).toMatchObject([
    { part: 1, rows: 3, errors: {} },
    { part: 0, rows: 3, errors: { ERR_BIT_IMAGE: 1 } },
  ]);
  expect(await lane.add(2)).toMatchObject({ part: 2, rows: 1 });
  expect(await lane.ended).toBe(true);
  expect(lane.isOpen).toBe(false);
  expect(paths()).toEqual(NAMES);
  expect(codes.filter((code) => code === 'ERR_BIT_IMAGE')).toHaveLength(1);
  expect(codes).toHaveLength(7);
});

test('does a part once that is added twice', async () => {
  const lane = open();
  const [first, second] = await Promise.all([lane.add(2), lane.add(2)]);
  expect(second).toBe(first);
  expect(await lane.ended).toBe(true);
  expect(codes).toHaveLength(1);
});

test('stays open for parts that come soon, and ends when none do', async () => {
  const lane = open();
  await lane.add(0);
  await wait(100);
  expect(lane.isOpen).toBe(true);
  expect(await lane.add(1)).toMatchObject({ part: 1 });
  const start = performance.now();
  await lane.ended;
  expect(performance.now() - start).toBeLessThan(2000);
});

test('counts rows of parts that are not done', async () => {
  let release!: () => void;
  const held = new Promise<void>((resolve) => (release = resolve));
  const lane: Lane = open({
    ...ENGINE,
    settled: async function* (images) {
      for await (const each of ENGINE.settled(images)) {
        yield each;
        if (each.index === 4) await held;
      }
    },
  });
  const both = [lane.add(0), lane.add(1)];
  await both[0];
  await wait(50);
  expect(lane.underWay).toBe(2);
  release();
  await Promise.all(both);
  await lane.ended;
  expect(lane.underWay).toBe(0);
});

test('gives null for what somebody else has done meanwhile, and leaves theirs', async () => {
  const [mine, theirs] = [open(), open()];
  const answers = await Promise.all([mine.add(0), theirs.add(0)]);
  expect(answers.filter((each) => each === null)).toHaveLength(1);
  await Promise.all([mine.ended, theirs.ended]);
  expect((await readDone(store, job)).size).toBe(1);
  expect(paths()).toEqual(NAMES.slice(0, 3));
  expect(readdirSync(join(store.place, '.job', 'tmp'))).toEqual([]);
});

test('rejects all that is left where one part fails, and is closed', async () => {
  const lane = open({
    ...ENGINE,
    settled: async function* (images) {
      for await (const each of ENGINE.settled(images)) {
        if (each.index === 4) throw new BitError('ERR_BIT_DEVICE', 'the GPU is gone');
        yield each;
      }
    },
  });
  const outcomes = await Promise.allSettled([lane.add(0), lane.add(1), lane.add(2)]);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  expect(outcomes[2]).toMatchObject({ reason: { code: 'ERR_BIT_DEVICE' } });
  expect(await lane.ended).toBe(false);
  expect(lane.isOpen).toBe(false);
  expect(paths()).toEqual(NAMES.slice(0, 3));
});

test('says of a part that cannot be listed that it is so', async () => {
  await store.remove(job.plan.file as string);
  const lane = open();
  expect(await failure(lane.add(0))).toContain('ERR_BIT_OUTPUT: The list of inputs in');
  expect(await lane.ended).toBe(false);
});
