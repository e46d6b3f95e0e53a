import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Listed } from '../../../lib/batch/inputs/listed';
import { readPart, writePlan } from '../../../lib/batch/job/plan';
import { FolderStore } from '../../../lib/batch/store/folder';
import { temporaryFolder } from '../../support/jobs';

let folder: string;
let store: FolderStore;
beforeEach(() => {
  folder = temporaryFolder();
  store = new FolderStore(folder);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function* each(all: Listed[]) {
  yield* all;
}

/** The parts of a plan, as they are read back. */
async function partsOf(all: Listed[], partSize: number): Promise<Listed[][]> {
  const plan = await writePlan(each(all), partSize, store, 'plan.jsonl');
  const parts: Listed[][] = [];
  for (let part = 0; part < plan.parts.length; part++)
    parts.push(await readPart(store, plan, part));
  return parts;
}

const named = (names: string) => [...names].map((path) => ({ path }));

test('parts are as large as asked for; the last one has the rest', async () => {
  expect(await partsOf(named('abcde'), 2)).toEqual([named('ab'), named('cd'), named('e')]);
  expect(await partsOf(named('abcd'), 2)).toEqual([named('ab'), named('cd')]);
  expect(await partsOf([], 2)).toEqual([]);
});

test('a shard is a part of its own, wherever it stands', async () => {
  const tar: Listed = { path: 't.tar', shard: 'tar' };
  const all = [tar, ...named('a'), tar, tar, ...named('bcd')];
  expect(await partsOf(all, 2)).toEqual([[tar], named('a'), [tar], [tar], named('bc'), named('d')]);
});

test('names of any kind come back as they were, and so do problems', async () => {
  const all: Listed[] = [
    { path: 'line\nbreak' },
    { path: '\u2028 "quotes" \\ ü 🙂' },
    { path: 'x', problem: 'there is no such image' },
  ];
  expect((await partsOf(all, 2)).flat()).toEqual(all);
});

test('it counts inputs and shards, and its digest is that of its file', async () => {
  const all: Listed[] = [...named('abc'), { path: 'p.parquet', shard: 'parquet' }];
  const plan = await writePlan(each(all), 2, store, 'plan.jsonl');
  expect(plan).toMatchObject({ inputs: 4, shards: 1 });
  const bytes = readFileSync(join(folder, 'plan.jsonl'));
  expect(plan.digest).toBe(createHash('sha256').update(bytes).digest('hex'));
  const unwritten = await writePlan(each(all), 2, store, null);
  expect(unwritten).toEqual({ ...plan, file: null });
});

test('a listing that fails leaves nothing', async () => {
  async function* failing(): AsyncGenerator<Listed> {
    yield { path: 'a' };
    throw new Error('no more');
  }
  await expect(writePlan(failing(), 2, store, 'plan.jsonl')).rejects.toThrow('no more');
  expect(await store.list('')).toEqual([]);
});
