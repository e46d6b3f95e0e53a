import { PassThrough } from 'node:stream';
import { checkBatchOptions, decisive, type BatchJobOptions } from '../../lib/batch/options';

const check = (options: object) => checkBatchOptions(options as BatchJobOptions);
const refusal = (message: string) => ({
  name: 'BitError',
  code: 'ERR_BIT_CONFIG',
  message: expect.stringContaining(message) as string,
});
/** What it throws. */
function refused(options: unknown): unknown {
  try {
    checkBatchOptions(options as BatchJobOptions);
  } catch (error) {
    return error;
  }
  return null;
}

test('what is left out has its default', () => {
  for (const left of [{}, { format: undefined, topK: undefined, shard: undefined }])
    expect(check({ inputs: 'a', ...left })).toEqual({
      job: {
        inputs: 'a',
        model: 'bit-mini-scenes',
        task: 'image-classification',
        format: 'jsonl',
        partSize: 1000,
        retries: 2,
        restart: false,
        planned: false,
        retryFailed: false,
        report: false,
        shard: { index: 0, count: 1 },
      },
      engine: {},
      signal: undefined,
    });
});

test('what is the job’s own, and what is the model’s', () => {
  const { signal } = new AbortController();
  const onJobProgress = () => undefined;
  const filesFrom = new PassThrough();
  const job = { model: 'm', inputs: ['a'], filesFrom, column: 'c', output: 'o', format: 'csv' };
  const more = {
    partSize: 5,
    retries: 0,
    restart: false,
    planned: true,
    retryFailed: true,
    onJobProgress,
  };
  const engine = { topK: 3, batchSize: 2, device: 'cpu', timeoutMs: 5, threads: 1 };
  expect(check({ ...job, ...more, ...engine, shard: '2/3', signal })).toEqual({
    job: {
      ...job,
      ...more,
      task: 'image-classification',
      report: false,
      shard: { index: 2, count: 3 },
    },
    engine,
    signal,
  });
});

test.each([[null], [undefined], [3], ['a']])('options that are %j', (options) => {
  expect(refused(options)).toMatchObject(refusal('Expected an object for options'));
});

const WRONG: [string, unknown, string?][] = [
  ['model', 3],
  ['task', 'classify', "one of 'image-classification', 'image-feature-extraction'"],
  ['inputs', 3],
  ['inputs', null],
  ['inputs', Buffer.from('a')],
  ['filesFrom', 3, 'a path or a readable stream'],
  ['filesFrom', ['a.txt']],
  ['filesFrom', null],
  ['column', 3],
  ['output', ''],
  ['output', new URL('file:///x'), 'a path'],
  ['format', 'xml', "one of 'jsonl', 'csv', 'parquet', 'npy'"],
  ['format', 'toString'],
  ['partSize', 0],
  ['partSize', 1.5],
  ['partSize', '5'],
  ['partSize', Infinity],
  ['retries', -1],
  ['retries', 0.5],
  ['restart', 'yes'],
  ['planned', 1],
  ['report', 'yes'],
  ['onJobProgress', {}],
  ['signal', {}, 'an AbortSignal'],
  ['topK', 0],
  ['functionToApply', 'relu'],
  ['batchSize', -1],
  ['timeoutMs', 0],
  ['imageProcessorKwargs', 3],
  ...[
    '0/0',
    '3/3',
    '4/3',
    '-1/2',
    '1/2/3',
    ' 0/2',
    '0/2 ',
    '0',
    '0/',
    '/2',
    '0 / 2',
    '1.0/2',
    'a/b',
    '',
  ].map((shard): [string, unknown, string] => ['shard', shard, "'i/n', i counting from 0"]),
  ['shard', 1],
];

test.each(WRONG)('a wrong %s: %p', (name, value, expected = '') => {
  const options = { inputs: 'a', output: 'o', [name]: value };
  expect(refused(options)).toMatchObject(refusal(`for ${name} but received`));
  expect(refused(options)).toMatchObject(refusal(expected));
});

test.each(['0/1', '0/2', '1/2', '09/10'])('shard %s', (shard) => {
  const [index, count] = shard.split('/').map(Number);
  expect(check({ inputs: 'a', output: 'o', shard }).job.shard).toEqual({ index, count });
});

test.each([
  ['ouput', "Did you mean 'output'"],
  ['topk', "Did you mean 'topK'"],
  ['device_', "Did you mean 'device'"],
  ['pool', 'Unknown option'],
  ['priority', 'Unknown option'],
  ['constructor', 'Unknown option'],
])('an option that there is not: %s', (name, words) => {
  expect(refused({ inputs: 'a', [name]: 1 })).toMatchObject(refusal('Unknown option'));
  expect(String(refused({ inputs: 'a', [name]: 1 })).toLowerCase()).toContain(words.toLowerCase());
});

test('options of the other task', () => {
  const task = 'image-feature-extraction';
  expect(refused({ inputs: 'a', task, topK: 3 })).toMatchObject(refusal("Unknown option 'topK'"));
  expect(refused({ inputs: 'a', task, pool: false })).toMatchObject(
    refusal("Unknown option 'pool'"),
  );
  expect(check({ inputs: 'a', task, format: 'npy' }).job.format).toBe('npy');
});

test.each([
  [{}, 'for inputs but received undefined'],
  [{ format: 'npy' }, "The format 'npy' holds embeddings"],
  [{ restart: true, output: 'o', shard: '0/2' }, 'cannot start the job anew'],
  [{ restart: true, output: 'o', planned: true }, 'choose one of the two'],
  [{ shard: '0/2' }, 'Shards share the parts of an output'],
  [{ retryFailed: true }, 'retryFailed is about the rows of an earlier run'],
])('what does not fit together: %j', (options, message) => {
  const inputs = Object.keys(options).length > 0 ? { inputs: 'a' } : {};
  expect(refused({ ...inputs, ...options })).toMatchObject(refusal(message));
});

test('an aborted signal ends it at once, with its reason', () => {
  const reason = new Error('enough');
  expect(refused({ inputs: 'a', signal: AbortSignal.abort(reason) })).toBe(reason);
});

test('rows depend on some options of the model, and on others not', () => {
  const free = {
    device: 'cpu',
    threads: 2,
    batchSize: 3,
    timeoutMs: 4,
    token: 't',
    cacheDir: 'c',
    ahead: 9,
  } as const;
  const own = {
    topK: 3,
    functionToApply: 'none',
    dtype: 'bfloat16',
    imageProcessorKwargs: { doFlip: true },
    seed: 1,
  } as const;
  const left = {
    topK: 5,
    functionToApply: null,
    dtype: 'float32',
    imageProcessorKwargs: {},
    seed: 0,
    gpuDecode: false,
    ignoreMissingKeys: false,
  } as const;
  expect(decisive({ ...free, ...(own as object) })).toEqual(own);
  expect(decisive({ ...free, ...left })).toEqual({});
  expect(decisive({})).toEqual({});
});
