// Where a worker does parts: with which engine, and which parts it refuses.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, relative } from 'node:path';
import { batch, BitConfig, type BatchJobOptions } from '../../../lib';
import * as engines from '../../../lib/batch/engine';
import { openOwnJob } from '../../../lib/batch/job/open';
import { readDone } from '../../../lib/batch/job/done';
import type { Job } from '../../../lib/batch/job/journal';
import { checkBatchOptions } from '../../../lib/batch/options';
import type { PartTicket } from '../../../lib/batch/queue/part_queue';
import { Workshop } from '../../../lib/batch/queue/workshop';
import { openStore } from '../../../lib/batch/store/open';
import { ROOT } from '../../support/child';
import { failure } from '../../support/queue';
import { temporaryFolder } from '../../support/temporary';

const PICTURES = join(ROOT, 'examples', 'pictures');
const MODEL = join(ROOT, 'models', 'bit-mini-scenes');
const folder = temporaryFolder();
const inputs = join(folder, 'in');
const NAMES = Array.from({ length: 7 }, (_, i) => join(inputs, `${i}.jpg`));
let outputs = 0;
let output: string;
let stop: AbortController;
let workshop: Workshop;
let codes: (string | undefined)[];

beforeAll(() => {
  mkdirSync(inputs);
  NAMES.forEach((name, i) =>
    i === 4
      ? writeFileSync(name, 'broken')
      : cpSync(join(PICTURES, ['boat.jpg', 'cat.jpg', 'coffee.jpg'][i % 3] as string), name),
  );
});
beforeEach(() => {
  output = join(folder, `out-${outputs++}`);
  stop = new AbortController();
  codes = [];
  workshop = new Workshop({}, stop.signal, (code) => codes.push(code));
});
afterEach(async () => {
  jest.restoreAllMocks();
  await workshop.close();
});

/** A job that somebody has begun. */
async function begin(options: Partial<BatchJobOptions> = {}): Promise<Job> {
  const given = { inputs: NAMES, output, partSize: 2, ...options };
  return openOwnJob(openStore(output), checkBatchOptions(given));
}

const ticket = (job: Job, part: number, more: Partial<PartTicket> = {}): PartTicket => ({
  output,
  job: job.id,
  part,
  base: process.cwd(),
  model: job.settings.model.source,
  retries: 0,
  running: {},
  ...more,
});

const rowsOf = (part: number) =>
  readFileSync(join(output, `part-0000${part}.jsonl`), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

async function expectedRows(options: BatchJobOptions): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const row of batch(options)) rows.push(row);
  return rows;
}

test('does parts as batch() does, through one engine, and finishes the job', async () => {
  const open = jest.spyOn(engines, 'openEngine');
  const job = await begin({ topK: 2 });
  const records = await Promise.all([0, 1, 2, 3].map((part) => workshop.run(ticket(job, part))));
  expect(records.map((record) => record?.rows)).toEqual([2, 2, 2, 1]);
  expect(open).toHaveBeenCalledTimes(1);
  const rows = [0, 1, 2, 3].flatMap(rowsOf);
  expect(rows).toEqual(await expectedRows({ inputs: NAMES, topK: 2 }));
  expect(codes.filter((code) => code !== undefined)).toEqual(['ERR_BIT_IMAGE']);
  await workshop.close();
  const manifest = JSON.parse(readFileSync(join(output, '_manifest.json'), 'utf8')) as object;
  expect(manifest).toMatchObject({ rows: 7, errors: { ERR_BIT_IMAGE: 1 } });
});

test('takes relative paths from where the job was begun, and calls them as they were given', async () => {
  const names = [
    './in/0.jpg',
    ...NAMES.slice(1).map((name) => relative(folder, name)),
    'no such.jpg',
  ];
  const before = process.cwd();
  process.chdir(folder);
  const job = await begin({ inputs: names, partSize: 10 });
  const expected = await expectedRows({ inputs: names });
  process.chdir(before);
  await workshop.run(ticket(job, 0, { base: folder }));
  expect(rowsOf(0)).toEqual(expected);
  expect(rowsOf(0)).toContainEqual({
    path: 'in/4.jpg',
    error: expect.objectContaining({
      message: expect.stringMatching(/^Cannot read: /) as string,
    }) as object,
  });
});

test('gives null for a part that is done, without an engine', async () => {
  const job = await begin();
  await workshop.run(ticket(job, 1));
  const other = new Workshop({}, stop.signal, () => undefined);
  const open = jest.spyOn(engines, 'openEngine');
  expect(await other.run(ticket(job, 1))).toBeNull();
  expect(open).not.toHaveBeenCalled();
  await other.close();
});

test('gives null for a job that was started anew since, and writes nothing of it', async () => {
  const old = await begin();
  const now = await begin({ restart: true });
  expect(await workshop.run(ticket(old, 0))).toBeNull();
  expect((await readDone(openStore(output), now)).size).toBe(0);
  expect(await workshop.run(ticket(now, 0))).toMatchObject({ part: 0 });
});

test('says so where the output is not seen from here', async () => {
  const job = await begin();
  rmSync(output, { recursive: true });
  expect(await failure(workshop.run(ticket(job, 0)))).toBe(
    `ERR_BIT_OUTPUT: There is no job in ${output}, as ${hostname()} sees it: workers need the output ` +
      'under the same path as the one who gave them the job, or at s3://',
  );
});

test('refuses another model than that of the job, by the content of its files', async () => {
  const model = join(folder, 'model');
  cpSync(MODEL, model, { recursive: true });
  const job = await begin({ model });
  const config = readFileSync(join(model, 'config.json'), 'utf8');
  writeFileSync(join(model, 'config.json'), `${config} `);
  expect(await failure(workshop.run(ticket(job, 0)))).toBe(
    `ERR_BIT_CHECKPOINT: ${model} on ${hostname()} is another model than the job's: config.json differs ` +
      'by SHA-256. Give all workers the same files',
  );
  expect((await readDone(openStore(output), job)).size).toBe(0);
  writeFileSync(join(model, 'config.json'), config);
  expect(await workshop.run(ticket(job, 0))).toMatchObject({ rows: 2 });
});

test('changes its engine with the settings of jobs, once the parts on the old one are done', async () => {
  const open = jest.spyOn(engines, 'openEngine');
  const first = await begin();
  const firstOutput = output;
  output = join(folder, `out-${outputs++}`);
  const second = await begin({ topK: 1, functionToApply: 'none' });
  const begun = workshop.run(ticket(first, 0, { output: firstOutput }));
  while (open.mock.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  const rest = [0, 1].map((part) => workshop.run(ticket(second, part)));
  const records = await Promise.all([begun, ...rest]);
  expect(records.map((record) => record?.rows)).toEqual([2, 2, 2]);
  expect(open).toHaveBeenCalledTimes(2);
  const options = { inputs: NAMES.slice(0, 4), topK: 1, functionToApply: 'none' } as const;
  expect([0, 1].flatMap(rowsOf)).toEqual(await expectedRows(options));
});

test('runs a job with a config of its own', async () => {
  const { id2label, ...json } = (await BitConfig.fromPretrained(MODEL)).toJSON() as {
    id2label: Record<string, string>;
  };
  const labels = Object.keys(id2label).map((id) => [id, `label ${id}`]);
  const config = BitConfig.fromJSON({
    ...json,
    label2id: {},
    id2label: Object.fromEntries(labels),
  });
  const job = await begin({ config, topK: 1 });
  await workshop.run(ticket(JSON.parse(JSON.stringify(job)) as Job, 0));
  expect(rowsOf(0)).toEqual(await expectedRows({ inputs: NAMES.slice(0, 2), config, topK: 1 }));
  expect(JSON.stringify(rowsOf(0))).toContain('label ');
});

test('gives the next part another engine after one has failed', async () => {
  const open = jest.spyOn(engines, 'openEngine');
  const job = await begin();
  open.mockResolvedValueOnce({
    shape: { task: 'image-classification', width: 5 },
    device: 'cuda:0',
    dtype: 'float32',
    // eslint-disable-next-line require-yield -- it fails before
    settled: async function* () {
      await Promise.resolve();
      throw new Error('the GPU is gone');
    },
    together: 1,
    dispose: () => Promise.resolve(),
  });
  await expect(workshop.run(ticket(job, 0))).rejects.toThrow('the GPU is gone');
  expect(workshop.device).toBe('cuda:0');
  expect(await workshop.run(ticket(job, 0))).toMatchObject({ rows: 2 });
  expect(workshop.device).toBe('cpu');
  expect(open).toHaveBeenCalledTimes(2);
});

test('ends by its signal, and leaves nothing of parts that are not done', async () => {
  const many = Array.from({ length: 500 }, () => NAMES[0] as string);
  const job = await begin({ inputs: many, partSize: 500 });
  const run = workshop.run(ticket(job, 0));
  const reason = new Error('enough');
  while (codes.length < 5) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(workshop.underWay[job.id]).toBeGreaterThanOrEqual(5);
  stop.abort(reason);
  await expect(run).rejects.toBe(reason);
  await workshop.close();
  expect(await openStore(output).list('.job/tmp')).toEqual([]);
  await expect(workshop.run(ticket(job, 0))).rejects.toBe(reason);
});
