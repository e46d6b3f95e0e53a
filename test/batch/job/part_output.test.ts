import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readDone } from '../../../lib/batch/job/done';
import { PartOutput } from '../../../lib/batch/job/part_output';
import { FORMATS } from '../../../lib/batch/outputs/formats';
import { FolderStore } from '../../../lib/batch/store/folder';
import { ENGINE, temporaryFolder } from '../../support/jobs';

let folder: string;
let store: FolderStore;
beforeEach(() => {
  folder = temporaryFolder();
  store = new FolderStore(folder);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const row = (path: string) => ({ path, predictions: [{ label: 'x', score: 1 }] });
const failed = (code: 'ERR_BIT_IMAGE' | 'ERR_BIT_SHAPE') => ({
  path: 'f',
  error: { code, message: '' },
});
const JOB = { id: 'this' };
const begin = (part = 0) => new PartOutput(store, JOB, part, FORMATS.jsonl, ENGINE.shape);

test('nothing is seen of a part before it counts, and all of it then', async () => {
  const output = begin(12);
  await output.write(row('a'));
  expect(await store.list('')).toEqual(['.job']);
  const record = await output.commit();
  expect((await store.list('')).sort()).toEqual(['.job', 'part-00012.jsonl']);
  const bytes = readFileSync(join(folder, 'part-00012.jsonl'));
  expect(record).toMatchObject({ part: 12, rows: 1, errors: {} });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  expect(record?.files).toMatchObject([{ name: 'part-00012.jsonl', bytes: bytes.length, sha256 }]);
  expect(await store.list('.job/tmp')).toEqual([]);
});

test('rows are counted, and errors by their codes', async () => {
  const output = begin();
  for (const each of [
    row('a'),
    failed('ERR_BIT_IMAGE'),
    failed('ERR_BIT_SHAPE'),
    failed('ERR_BIT_IMAGE'),
  ])
    await output.write(each);
  expect(await output.commit()).toMatchObject({
    rows: 4,
    errors: { ERR_BIT_IMAGE: 2, ERR_BIT_SHAPE: 1 },
  });
});

test('a part that somebody else has done stays as it is; nothing is left of the late one', async () => {
  const early = begin();
  const late = begin();
  await early.write(row('early'));
  await late.write(row('late'));
  expect(await early.commit()).not.toBeNull();
  expect(await late.commit()).toBeNull();
  expect(readFileSync(join(folder, 'part-00000.jsonl'), 'utf8')).toContain('early');
  expect(await store.list('.job/tmp')).toEqual([]);
  expect((await readDone(store, JOB)).size).toBe(1);
});

test('one that is let go of leaves nothing', async () => {
  const output = begin();
  await output.write(row('a'));
  await output.discard();
  expect(await store.list('.job/tmp')).toEqual([]);
  await begin().discard();
});
