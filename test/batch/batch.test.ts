import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  batch,
  pipeline,
  type BatchJobOptions,
  type BatchProgress,
  type BatchRow,
} from '../../lib';
import { temporaryFolder, writtenRows } from '../support/jobs';
import { ROOT } from '../support/child';

const PICTURES = join(ROOT, 'examples', 'pictures');
const NAMES = ['boat.jpg', 'cat.jpg', 'coffee.jpg'];
const PATHS = NAMES.map((name) => join(PICTURES, name));
let folder: string;

beforeEach(() => (folder = temporaryFolder()));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function rowsOf(options: BatchJobOptions): Promise<BatchRow[]> {
  const rows: BatchRow[] = [];
  for await (const row of batch(options)) rows.push(row);
  return rows;
}

const output = () => join(folder, 'out');
const written = () => writtenRows(output()).map((line) => JSON.parse(line) as BatchRow);

describe('rows', () => {
  test("are what the task's pipeline says of each image", async () => {
    const classify = await pipeline('image-classification');
    const extract = await pipeline('image-feature-extraction');
    const rows = await rowsOf({ inputs: PICTURES, topK: 2 });
    expect(rows.map(({ path }) => path)).toEqual(PATHS);
    for (const { path, predictions } of rows)
      expect(predictions).toEqual(await classify(path, { topK: 2 }));
    for (const { path, embedding } of await rowsOf({
      inputs: PATHS,
      task: 'image-feature-extraction',
    }))
      expect(embedding).toEqual((await extract(path, { pool: true })).data);
    await Promise.all([classify.dispose(), extract.dispose()]);
  });

  test('come for all that is wrong too, with code and reason, in order', async () => {
    const empty = join(folder, 'empty.png');
    writeFileSync(empty, '');
    const gone = join(folder, 'gone.png');
    const rows = await rowsOf({ inputs: [empty, PATHS[0]!, gone, join(folder, '*.jpg'), folder] });
    expect(rows.map(({ path, error }) => [path, error?.message])).toEqual([
      [empty, 'Cannot read: Expected an encoded image but received no bytes'],
      [PATHS[0], undefined],
      [gone, 'there is no such image'],
      [join(folder, '*.jpg'), 'there is no such image'],
      [empty, 'Cannot read: Expected an encoded image but received no bytes'],
    ]);
    expect(new Set(rows.map(({ error }) => error?.code))).toEqual(
      new Set(['ERR_BIT_IMAGE', undefined]),
    );
  });

  test('come for each time that an input is given', async () => {
    const rows = await rowsOf({ inputs: [PATHS[0]!, PATHS[0]!, PICTURES] });
    expect(rows.map(({ path }) => path)).toEqual([PATHS[0], PATHS[0], ...PATHS]);
  });

  test('of pictures in memory have the names that these are given', async () => {
    async function* images() {
      for (const path of PATHS) yield { path: `mine/${path}`, image: readFileSync(path) };
      yield { path: 'raw', image: { data: new Uint8Array(3), width: 1, height: 1, channels: 3 } };
    }
    const rows = await rowsOf({ inputs: images(), topK: 1 });
    expect(rows.map(({ path }) => path)).toEqual([...PATHS.map((path) => `mine/${path}`), 'raw']);
    expect(rows.slice(0, 2).map(({ predictions }) => predictions?.[0]?.label)).toEqual([
      'boat',
      'cat',
    ]);
  });

  test('of lists come after the others; each line is taken as it is', async () => {
    const list = Readable.from(`${PATHS[1]}\r\n\n${PICTURES}\n*.jpg`);
    const rows = await rowsOf({ inputs: PATHS[0], filesFrom: list });
    expect(rows.map(({ path, error }) => [path, error?.message])).toEqual([
      [PATHS[0], undefined],
      [PATHS[1], undefined],
      [PICTURES, 'Cannot read: it is a folder'],
      ['*.jpg', 'Cannot read: no such file'],
    ]);
  });
});

describe('with an output', () => {
  test('rows are written as they are given, in parts; the manifest counts them', async () => {
    const inputs = [...PATHS, join(folder, 'gone.png')];
    const rows = await rowsOf({ inputs, output: output(), partSize: 3 });
    expect(written()).toEqual(rows);
    const manifest = JSON.parse(readFileSync(join(output(), '_manifest.json'), 'utf8')) as object;
    expect(manifest).toMatchObject({
      ...{ task: 'image-classification', format: 'jsonl', rows: 4, inputs: 4, partSize: 3 },
      errors: { ERR_BIT_IMAGE: 1 },
      files: [
        { name: 'part-00000.jsonl', rows: 3 },
        { name: 'part-00001.jsonl', rows: 1 },
      ],
    });
  });

  test('a job that somebody stops going through is gone on with by the same call', async () => {
    const job = () => batch({ inputs: [...PATHS, ...PATHS], output: output(), partSize: 2 });
    for await (const { path } of job()) if (path === PATHS[2]) break;
    expect(written()).toHaveLength(2);
    const rest: BatchRow[] = [];
    for await (const row of job()) rest.push(row);
    expect(rest.map(({ path }) => path)).toEqual([PATHS[2], ...PATHS]);
    expect(written().map(({ path }) => path)).toEqual([...PATHS, ...PATHS]);
  });

  test('another model under the same name is another job', async () => {
    const model = join(folder, 'model');
    cpSync(join(ROOT, 'models', 'bit-mini-scenes'), model, { recursive: true });
    const job = { model, inputs: PICTURES, output: output() };
    await rowsOf(job);
    const config = join(model, 'config.json');
    writeFileSync(config, `${readFileSync(config, 'utf8')}\n`);
    await expect(rowsOf(job)).rejects.toThrow(/SHA-256 of config.json was .* and is /);
  });

  test('options that change no row may differ from run to run', async () => {
    await rowsOf({ inputs: PICTURES, output: output(), batchSize: 2 });
    const again = { inputs: PICTURES, output: output(), threads: 1, batchSize: 1, timeoutMs: 5 };
    expect(await rowsOf(again)).toEqual([]);
  });

  test('shards of a job are disjoint, and the last one to end writes the manifest', async () => {
    const inputs = Array.from({ length: 5 }, () => PATHS).flat();
    const shares: string[][] = [];
    for (const shard of ['0/3', '1/3', '2/3']) {
      expect(() => readFileSync(join(output(), '_manifest.json'))).toThrow('ENOENT');
      const rows = await rowsOf({ inputs, output: output(), partSize: 2, shard });
      shares.push(rows.map(({ path }) => path));
    }
    expect(shares.map(({ length }) => length)).toEqual([6, 5, 4]);
    expect(written().map(({ path }) => path)).toEqual(inputs);
    expect(() => readFileSync(join(output(), '_manifest.json'))).not.toThrow();
  });

  test('several processes at once leave the rows of one', async () => {
    const inputs = Array.from({ length: 12 }, () => PATHS).flat();
    const job = { inputs, output: output(), partSize: 2, topK: 1 };
    await Promise.all([rowsOf(job), rowsOf(job), rowsOf(job)]);
    expect(written().map(({ path }) => path)).toEqual(inputs);
    expect(readFileSync(join(output(), '_manifest.json'), 'utf8')).toContain('"rows": 36');
  });

  test('a job that another process begins anew ends here, and leaves its rows alone', async () => {
    const inputs = Array.from({ length: 40 }, () => PATHS).flat();
    const job = { inputs, output: output(), partSize: 3 };
    const old = batch(job);
    await old.next();
    await rowsOf({ ...job, topK: 1, restart: true });
    const rest = async () => {
      for await (const { path } of old) expect(path).toBeDefined();
    };
    await expect(rest()).rejects.toMatchObject({ code: 'ERR_BIT_OUTPUT' });
    expect(written()).toHaveLength(inputs.length);
    expect(written().every(({ predictions }) => predictions?.length === 1)).toBe(true);
  });

  test('what somebody deletes on the way is done again before the job ends', async () => {
    const inputs = Array.from({ length: 8 }, () => PATHS).flat();
    const job = { inputs, output: output(), partSize: 3 };
    let count = 0;
    for await (const { path } of batch(job)) {
      expect(path).toBeDefined();
      if (++count === 20) rmSync(join(output(), 'part-00001.jsonl'));
    }
    expect(count).toBe(inputs.length + 3);
    expect(written().map(({ path }) => path)).toEqual(inputs);
    expect(readFileSync(join(output(), '_manifest.json'), 'utf8')).toContain('"rows": 24');
  });

  test('rows with errors are tried again when that is asked for, and no others', async () => {
    const late = join(folder, 'late.jpg');
    writeFileSync(late, 'on its way');
    const job = { inputs: [...PATHS, late], output: output(), partSize: 2 };
    await rowsOf(job);
    cpSync(PATHS[0]!, late);
    expect(await rowsOf(job)).toEqual([]);
    const again = await rowsOf({ ...job, retryFailed: true });
    expect(again.map(({ path, error }) => [path, error])).toEqual([
      [PATHS[2], undefined],
      [late, undefined],
    ]);
    expect(written().map(({ path }) => path)).toEqual(job.inputs);
    expect(readFileSync(join(output(), '_manifest.json'), 'utf8')).toContain('"errors": {}');
    expect(await rowsOf({ ...job, retryFailed: true })).toEqual([]);
  });

  test('relative inputs are those of the folder where the job began', async () => {
    const before = process.cwd();
    cpSync(PICTURES, join(folder, 'here', 'photos'), { recursive: true });
    mkdirSync(join(folder, 'there', 'photos'), { recursive: true });
    const job = { inputs: 'photos', output: output(), partSize: 1 };
    try {
      process.chdir(join(folder, 'here'));
      await rowsOf({ ...job, shard: '0/3' });
      process.chdir(join(folder, 'there'));
      const rows = await rowsOf({ ...job, planned: true });
      expect(rows.map(({ path, error }) => [path, error])).toEqual([
        ['photos/cat.jpg', undefined],
        ['photos/coffee.jpg', undefined],
      ]);
    } finally {
      process.chdir(before);
    }
  });

  test('what was planned goes on without a list of inputs, and nothing else does', async () => {
    const planned = { output: output(), planned: true };
    await expect(rowsOf(planned)).rejects.toMatchObject({ code: 'ERR_BIT_CONFIG' });
    await rowsOf({ inputs: PATHS, output: output(), partSize: 1, shard: '0/2' });
    await rowsOf({ ...planned, partSize: 1 });
    expect(written().map(({ path }) => path)).toEqual(PATHS);
  });

  test('pictures in memory are refused', async () => {
    const inputs = [{ path: 'x', image: readFileSync(PATHS[0]!) }];
    await expect(rowsOf({ inputs, output: output() })).rejects.toMatchObject({
      code: 'ERR_BIT_CONFIG',
    });
  });

  test('a place that cannot be written to is named', async () => {
    writeFileSync(join(folder, 'file'), '');
    const job = { inputs: PICTURES, output: join(folder, 'file', 'out') };
    await expect(rowsOf(job)).rejects.toMatchObject({
      code: 'ERR_BIT_OUTPUT',
      message: expect.stringContaining(join(folder, 'file', 'out')) as string,
    });
    await expect(rowsOf({ inputs: PICTURES, output: '/proc/nope/out' })).rejects.toMatchObject({
      code: 'ERR_BIT_OUTPUT',
    });
  });
});

test('progress counts rows and errors, those of earlier runs too', async () => {
  const told: BatchProgress[] = [];
  const inputs = [...PATHS, join(folder, 'gone.png')];
  const job = {
    inputs,
    output: output(),
    partSize: 2,
    onJobProgress: (each: BatchProgress) => void told.push(each),
  };
  for await (const { path } of batch(job)) if (path === PATHS[2]) break;
  expect(told[0]).toMatchObject({ done: 0, total: 4, errors: {} });
  told.length = 0;
  await rowsOf(job);
  expect(told[0]).toMatchObject({ done: 2, total: 4, errors: {} });
  expect(told.at(-1)).toMatchObject({
    done: 4,
    total: 4,
    errors: { ERR_BIT_IMAGE: 1 },
    secondsLeft: 0,
  });
});

describe('what ends it', () => {
  test('the signal, with its reason; what was done is kept', async () => {
    const controller = new AbortController();
    const rows = batch({ inputs: PATHS, output: output(), partSize: 1, signal: controller.signal });
    await expect(
      (async () => {
        for await (const { path } of rows)
          if (path === PATHS[1]) controller.abort(new Error('enough'));
      })(),
    ).rejects.toThrow('enough');
    expect(written().length).toBeGreaterThanOrEqual(1);
    await rowsOf({ inputs: PATHS, output: output(), partSize: 1 });
    expect(written().map(({ path }) => path)).toEqual(PATHS);
  });

  test('what a list of inputs throws', async () => {
    async function* inputs() {
      yield PATHS[0]!;
      throw new Error('no more of it');
    }
    await expect(rowsOf({ inputs: inputs() })).rejects.toThrow('no more of it');
    await expect(rowsOf({ filesFrom: join(folder, 'none.txt') })).rejects.toThrow(
      `Cannot read the list ${join(folder, 'none.txt')}: no such file`,
    );
  });

  test('wrong options, as soon as it is called; errors show the caller', async () => {
    expect(() => batch({ inputs: PATHS, topk: 3 } as BatchJobOptions)).toThrow('topk');
    expect(() => batch({ inputs: PATHS, format: 'npy' })).toThrow("'npy' holds embeddings");
    expect(() => batch({} as BatchJobOptions)).toThrow('for inputs but received undefined');
    const error = await rowsOf({ inputs: PATHS, model: join(folder, 'none') }).catch(
      (each: Error) => each,
    );
    expect((error as Error).stack).toContain('batch.test.ts');
  });
});

test('no model is loaded where there is nothing to run', async () => {
  mkdirSync(join(folder, 'empty'));
  const rows = await rowsOf({ model: join(folder, 'none'), inputs: [join(folder, 'empty')] });
  expect(rows).toEqual([
    {
      path: join(folder, 'empty'),
      error: { code: 'ERR_BIT_IMAGE', message: 'there is no image in this folder' },
    },
  ]);
});
