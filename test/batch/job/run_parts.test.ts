import { rmSync } from 'node:fs';
import type { DonePart } from '../../../lib/batch/job/done';
import { readDone } from '../../../lib/batch/job/done';
import { openJob } from '../../../lib/batch/job/journal';
import { runParts, type PartWork } from '../../../lib/batch/job/run_parts';
import { FolderStore } from '../../../lib/batch/store/folder';
import type { StoreFile } from '../../../lib/batch/store/store';
import { ENGINE, listing, SETTINGS, temporaryFolder, writtenRows } from '../../support/jobs';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
let folder: string;
beforeEach(() => (folder = temporaryFolder()));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function work(store = new FolderStore(folder)): Promise<PartWork> {
  const options = { restart: false, planned: false };
  const job = await openJob(store, SETTINGS, () => listing(NAMES), options);
  return { store, job, engine: ENGINE, retries: 0 };
}

test('parts are done in the order that is asked for, each told of once it counts', async () => {
  const told: [number, DonePart | null][] = [];
  const given = {
    ...(await work()),
    onPart: (...part: [number, DonePart | null]) => void told.push(part),
  };
  const rows: string[] = [];
  for await (const { path } of runParts([2, 0], given)) rows.push(path);
  expect(rows).toEqual(['g', 'a', 'b', 'c']);
  // Two may be on their way to the disk at once.
  const counts = told.map(([part, record]) => [part, record?.rows]);
  expect(counts.sort()).toEqual([
    [0, 3],
    [2, 1],
  ]);
  expect([...(await readDone(given.store, given.job)).keys()].sort()).toEqual([0, 2]);
});

test('a part that somebody else has done meanwhile is told as none', async () => {
  const given = await work();
  for await (const row of runParts([1], given)) expect(row).toBeDefined();
  const told: unknown[] = [];
  for await (const row of runParts([1], {
    ...given,
    onPart: (_, record) => void told.push(record),
  }))
    expect(row).toBeDefined();
  expect(told).toEqual([null]);
});

test('the model goes on while parts are being closed, and the end waits for them', async () => {
  let closing = 0;
  let most = 0;
  class SlowStore extends FolderStore {
    override async create(name: string): Promise<StoreFile> {
      const file = await super.create(name);
      const close = async () => {
        most = Math.max(most, ++closing);
        await new Promise((resolve) => setTimeout(resolve, 30));
        closing--;
        return file.close();
      };
      return { write: (bytes) => file.write(bytes), close, discard: () => file.discard() };
    }
  }
  const given = await work(new SlowStore(folder));
  let rowsWhileClosing = 0;
  for await (const row of runParts([0, 1, 2], given)) if (row && closing > 0) rowsWhileClosing++;
  expect(rowsWhileClosing).toBeGreaterThan(0);
  expect([closing, most]).toEqual([0, 3]);
  expect(writtenRows(folder)).toHaveLength(NAMES.length);
});

test('where one part cannot be closed the job ends with the reason', async () => {
  class FullStore extends FolderStore {
    override writeOnce = (name: string, text: string) =>
      name.includes('done') ? Promise.reject(new Error('full')) : super.writeOnce(name, text);
  }
  const given = await work(new FullStore(folder));
  const run = async () => {
    for await (const row of runParts([0, 1, 2], given)) expect(row).toBeDefined();
  };
  await expect(run()).rejects.toThrow('full');
  expect(writtenRows(folder)).toEqual([]);
});

test('what is left half done leaves nothing', async () => {
  const given = await work();
  for await (const { path } of runParts([0, 1], given)) if (path === 'e') break;
  expect(writtenRows(folder)).toHaveLength(3);
  expect(await given.store.list('.job/tmp')).toEqual([]);
});
