import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openJob } from '../../../lib/batch/job/journal';
import { finishJob, sumOf, type Manifest } from '../../../lib/batch/job/manifest';
import { FolderStore } from '../../../lib/batch/store/folder';
import { version } from '../../../lib/version';
import { listing, runJob, SETTINGS, temporaryFolder } from '../../support/jobs';

let folder: string;
let store: FolderStore;
beforeEach(() => {
  folder = temporaryFolder();
  store = new FolderStore(folder);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const read = () => JSON.parse(readFileSync(join(folder, '_manifest.json'), 'utf8')) as Manifest;

test('says what the files are of, and how to check them', async () => {
  await runJob(store, ['a', 'bad', 'c', 'd']);
  const manifest = read();
  expect(manifest).toMatchObject({
    task: SETTINGS.task,
    format: 'jsonl',
    model: SETTINGS.model,
    options: { topK: 1 },
    versions: { bigtransfer: version, node: process.versions.node },
    ...{ rows: 4, errors: { ERR_BIT_IMAGE: 1 }, inputs: 4, partSize: 3 },
  });
  for (const { name, bytes, sha256 } of manifest.files) {
    const content = readFileSync(join(folder, name));
    expect(bytes).toBe(content.length);
    expect(sha256).toBe(createHash('sha256').update(content).digest('hex'));
  }
  expect(manifest.files.map(({ name, part, rows }) => [name, part, rows])).toEqual([
    ['part-00000.jsonl', 0, 3],
    ['part-00001.jsonl', 1, 1],
  ]);
  expect(Date.parse(manifest.started)).toBeLessThanOrEqual(Date.parse(manifest.finished));
});

test('is not there before the job is done', async () => {
  const options = { restart: false, planned: false };
  const job = await openJob(store, SETTINGS, () => listing(['a']), options);
  expect(await finishJob(store, job)).toBeNull();
  expect(await store.read('_manifest.json')).toBeNull();
});

test('counts are added up by name', () => {
  expect(sumOf([{ a: 1 }, { b: 2, a: 3 }, {}])).toEqual({ a: 4, b: 2 });
  expect(sumOf([])).toEqual({});
});
