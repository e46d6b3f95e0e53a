// Which parts of a job are done.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

describe('what is done', () => {
  test('stays done: a finished job gives no more rows', async () => {
    expect(await runJob(store, NAMES)).toHaveLength(4);
    expect(await runJob(store, NAMES)).toEqual([]);
    expect(written()).toEqual(NAMES);
  });

  test('is done again where somebody has deleted its file', async () => {
    await runJob(store, NAMES);
    rmSync(join(folder, 'part-00001.jsonl'));
    expect((await runJob(store, NAMES)).map(({ path }) => path)).toEqual(['d']);
    expect(written()).toEqual(NAMES);
  });

  test('is done again where its file was cut', async () => {
    await runJob(store, NAMES);
    writeFileSync(join(folder, 'part-00000.jsonl'), '');
    expect((await runJob(store, NAMES)).map(({ path }) => path)).toEqual(['a', 'b', 'c']);
    expect(written()).toEqual(NAMES);
  });

  test('is moved to its name where a run ended before that', async () => {
    const record: DonePart = {
      ...{ part: 0, rows: 3, errors: {}, finished: '', seconds: 1, worker: 'w' },
      tally: emptyTally(),
      files: [{ name: 'part-00000.jsonl', from: '.job/tmp/x.jsonl', bytes: 1, sha256: '' }],
    };
    const job = await open(NAMES);
    const file = await store.create('.job/tmp/x.jsonl');
    await file.write('x');
    await file.close();
    await store.writeOnce(`.job/done-${job.id}/00000.json`, JSON.stringify(record));
    expect([...(await readDone(store, job)).keys()]).toEqual([0]);
    expect(readFileSync(join(folder, 'part-00000.jsonl'), 'utf8')).toBe('x');
  });

  test('counts once: whoever comes second is told so', async () => {
    const record = (worker: string): DonePart => ({
      ...{ part: 7, rows: 0, errors: {}, files: [], finished: '', seconds: 1, worker },
      tally: emptyTally(),
    });
    const answers = await Promise.all(
      ['a', 'b', 'c'].map((name) => markDone(store, { id: 'this' }, record(name))),
    );
    expect(answers.filter(Boolean)).toHaveLength(1);
    const winner = ['a', 'b', 'c'][answers.indexOf(true)];
    expect((await readDone(store, { id: 'this' })).get(7)?.worker).toBe(winner);
  });

  test('is told from files that are being written', async () => {
    const { id } = await open(NAMES);
    mkdirSync(join(folder, '.job', `done-${id}`));
    writeFileSync(join(folder, '.job', `done-${id}`, '00000.json.123'), '{"par');
    expect((await readDone(store, { id })).size).toBe(0);
  });
});
