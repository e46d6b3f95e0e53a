import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duration } from '../../lib/cli/report';
import { writtenRows } from '../support/jobs';
import { bigtransfer, bigtransferProcess, pictures, PICTURES } from './run';

let dir: string;
let out: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bit batch '));
  out = join(dir, 'out');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const paths = () => writtenRows(out).map((line) => (JSON.parse(line) as { path: string }).path);

test('rows go to the folder; what cannot be read is told and is a row too', async () => {
  const gone = join(dir, 'gone.png');
  const { code, stdout, stderr } = await bigtransfer(['batch', PICTURES, gone, '--out', out]);
  expect([code, stdout]).toEqual([0, `${out}: 4 rows, 1 of them an error\n`]);
  expect(stderr).toBe(`error: ${gone}: there is no such image\n`);
  expect(paths()).toEqual([...pictures(), gone]);
});

test('options reach the job', async () => {
  const list = join(dir, 'list.txt');
  writeFileSync(list, pictures().join('\n'));
  const flags = '--task embed --format npy --part-size 2 --max-batch auto --retries 0 --json';
  const args = ['batch', '--files-from', list, '--out', out, ...flags.split(' ')];
  const { code, stdout } = await bigtransfer(args);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({ out, rows: 3, errors: {} });
  expect(readdirSync(out).filter((name) => name.endsWith('.npy'))).toEqual([
    'part-00000.npy',
    'part-00001.npy',
  ]);
  const manifest = JSON.parse(readFileSync(join(out, '_manifest.json'), 'utf8')) as object;
  expect(manifest).toMatchObject({ task: 'image-feature-extraction', format: 'npy', partSize: 2 });
});

test('--top-k, --shard, --planned and --restart', async () => {
  const run = (...flags: string[]) =>
    bigtransfer(['batch', PICTURES, '--out', out, '--part-size', '1', ...flags]);
  await run('--top-k', '2', '--shard', '1/2');
  expect(paths()).toEqual([pictures()[1]]);
  const other = await run('--top-k', '3');
  expect([other.code, other.stderr]).toEqual([1, expect.stringContaining('topK was 2 and is 3')]);
  const lessInputs = ['batch', pictures()[0]!, '--out', out, '--part-size', '1', '--top-k', '2'];
  expect((await bigtransfer(lessInputs)).code).toBe(1);
  expect((await bigtransfer([...lessInputs, '--planned'])).code).toBe(0);
  expect(paths()).toEqual(pictures());
  await bigtransfer([...lessInputs, '--restart']);
  expect(paths()).toEqual([pictures()[0]]);
});

test('a list on standard input, and a second run that has nothing to do', async () => {
  const run = () =>
    bigtransferProcess(['batch', '-', '--out', out], {
      during: (child) => child.stdin?.end(`${pictures().join('\n')}\n`),
    });
  expect(await run()).toMatchObject({ code: 0, stdout: `${out}: 3 rows\n` });
  expect(await run()).toMatchObject({ code: 0, stdout: `${out}: 3 rows\n` });
  expect(paths()).toEqual(pictures());
});

test('Ctrl-C ends it with 130, and it goes on from there', async () => {
  const many = Array.from({ length: 200 }, () => pictures()).flat();
  const list = join(dir, 'list.txt');
  writeFileSync(list, many.join('\n'));
  const args = ['batch', '--files-from', list, '--out', out, '--part-size', '20'];
  const first = await bigtransferProcess(args, {
    during: (child) => {
      const timer = setInterval(() => {
        if (readdirSync(dir).includes('out') && readdirSync(out).includes('part-00002.jsonl')) {
          clearInterval(timer);
          child.kill('SIGINT');
        }
      }, 5);
    },
  });
  expect(first.code).toBe(130);
  expect(first.stderr).toContain('stopped: the same command goes on from here\n');
  const kept = paths().length;
  expect(kept).toBeGreaterThanOrEqual(60);
  expect(kept).toBeLessThan(many.length);
  expect((await bigtransferProcess(args)).code).toBe(0);
  expect(paths()).toEqual(many);
});

test.each([
  ['no place', ['batch', 'x']],
  ['no task of that name', ['batch', 'x', '--out', 'OUT', '--task', 'caption']],
  ['no format of that name', ['batch', 'x', '--out', 'OUT', '--format', 'xml']],
  ['no batch of none', ['batch', 'x', '--out', 'OUT', '--max-batch', '0']],
  ['no share that is not there', ['batch', 'x', '--out', 'OUT', '--shard', '2/2']],
  ['no labels as an array', ['batch', 'x', '--out', 'OUT', '--format', 'npy']],
  ['no labels of embeddings', ['batch', 'x', '--out', 'OUT', '--task', 'embed', '--top-k', '1']],
  ['no share of a queue', ['batch', 'x', '--out', 'OUT', '--shard', '0/2', '--queue', 'redis://x']],
  ['no share that starts anew', ['batch', 'x', '--out', 'OUT', '--shard', '0/2', '--restart']],
  ['no new list of old inputs', ['batch', 'x', '--out', 'OUT', '--restart', '--planned']],
  ['no queue that is none', ['batch', 'x', '--out', 'OUT', '--queue', 'localhost']],
  ['no place without a name', ['batch', 'x', '--out', '']],
  ['no two lists', ['batch', '-', '--out', 'OUT', '--files-from', 'x']],
  ['no worker without a queue', ['worker', '--queue', 'foo']],
  ['no cancelling without a queue', ['cancel', 'OUT']],
  ['no number of tries below 0', ['batch', 'x', '--out', 'OUT', '--retries', '-1']],
])('wrong usage is told with exit code 2: %s', async (_, args) => {
  const { code } = await bigtransfer(args.map((word) => word.replace('OUT', out)));
  expect(code).toBe(2);
});

test('a list that is no text is told with exit code 1', async () => {
  const list = pictures()[0] as string;
  const { code, stderr } = await bigtransfer(['batch', '--files-from', list, '--out', out]);
  expect([code, stderr]).toEqual([1, expect.stringContaining('it is no text in UTF-8')]);
});

test('names of files cannot steer the terminal', async () => {
  const name = join(dir, 'a\x1b[31mb\nc.png');
  const { stderr } = await bigtransfer(['batch', name, '--out', out]);
  expect(stderr).toBe(`error: ${dir}/a\\u001b[31mb\\u000ac.png: there is no such image\n`);
});

test('rows with errors are tried again when that is asked for', async () => {
  const late = join(dir, 'late.png');
  const run = (...flags: string[]) =>
    bigtransfer(['batch', PICTURES, late, '--out', out, '--part-size', '2', ...flags]);
  writeFileSync(late, 'still on its way');
  await run();
  cpSync(pictures()[0] as string, late);
  expect((await run()).stdout).toBe(`${out}: 4 rows, 1 of them an error\n`);
  const before = statSync(join(out, 'part-00000.jsonl')).mtimeMs;
  expect((await run('--retry-failed')).stdout).toBe(`${out}: 4 rows\n`);
  expect(statSync(join(out, 'part-00000.jsonl')).mtimeMs).toBe(before);
  expect(paths()).toEqual([...pictures(), late]);
});

test('no inputs are a job without rows only where a list says so', async () => {
  const { code, stderr } = await bigtransfer(['batch', '--out', out]);
  expect([code, stderr]).toEqual([2, expect.stringContaining('no inputs')]);
});

test.each([
  [0.2, '1 s'],
  [89, '89 s'],
  [90, '2 min'],
  [3540, '59 min'],
  [3660, '1 h 1 min'],
  [200_000, '55 h 33 min'],
])('%p seconds are %p', (seconds, words) => expect(duration(seconds)).toBe(words));
