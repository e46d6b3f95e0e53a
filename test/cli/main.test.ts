import type { ChildProcess } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { BitConfig, BitForImageClassification, BitModel } from '../../lib';
import * as batches from '../../lib/cli/batches';
import * as program from '../../lib/cli/program';
import { PICTURES, ROOT, bigtransfer, bigtransferProcess, pictures } from './run';

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  version: string;
};
let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'bit cli '));
  writeFileSync(join(dir, 'broken.png'), 'this is no image');
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('bigtransfer', () => {
  test('--version and --help exit with 0', async () => {
    expect(await bigtransferProcess(['--version'])).toEqual({
      code: 0,
      stdout: `${version}\n`,
      stderr: '',
    });
    const { code, stdout } = await bigtransfer(['--help']);
    expect(code).toBe(0);
    for (const name of ['classify', 'embed', 'explain', 'inspect', 'bench', 'doctor', 'libtorch'])
      expect(stdout).toContain(name);
  });

  test.each([
    [[], /Usage: bigtransfer/],
    [['nonsense'], /unknown command 'nonsense'/],
    [['classify'], /missing required argument 'paths'/],
    [['classify', '--top-k', '0', 'x'], /Expected a positive integer/],
    [['classify', '--dtype', 'int8', 'x'], /Allowed choices are auto, float32/],
    [['classify', '--device', 'tpu', 'x'], /Expected auto, cpu, cuda, cuda:N or cuda:all/],
    [['inspect', '--no-such-option', 'x'], /unknown option/],
  ])('%j is wrong usage: 2', async (args, message) => {
    const { code, stdout, stderr } = await bigtransfer(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
  });

  test('an error is a message and a code, with the stack only when asked for', async () => {
    const args = ['classify', '--model', './no/such/model', join(dir, 'broken.png')];
    const { code, stderr } = await bigtransfer(args);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: There is nothing at '.\/no\/such\/model'.*\ncode: ERR_BIT_CHECKPOINT\n$/,
    );
    const traced = await bigtransferProcess(args, { env: { DEBUG: 'bigtransfer' } });
    expect(traced.code).toBe(1);
    expect(traced.stderr).toMatch(/\n\s+at /);
  });
});

describe('the program in a process', () => {
  const { argv, exitCode } = process;
  const streams = [process.stdout, process.stderr];
  const listeners = streams.map((stream) => stream.listeners('error'));
  afterEach(() => {
    jest.restoreAllMocks();
    process.argv = argv;
    process.exitCode = exitCode;
    streams.forEach((stream, i) => {
      const added = stream.listeners('error').filter((each) => !listeners[i]?.includes(each));
      for (const each of added) stream.off('error', each as () => void);
    });
  });

  /** Starts it with `run` in place of its work. */
  async function start(run: (args: string[]) => Promise<number>): Promise<void> {
    jest.spyOn(program, 'run').mockImplementation(run);
    jest.isolateModules(() => {
      jest.doMock('../../lib/cli/program', () => program);
      jest.requireActual('../../lib/cli/main');
      jest.dontMock('../../lib/cli/program');
    });
    await new Promise(setImmediate);
  }

  test('runs what it was started with, and exits with its code', async () => {
    process.argv = ['node', 'bigtransfer', 'classify', 'a.png'];
    const run = jest.fn(() => Promise.resolve(7));
    await start(run);
    expect(run.mock.calls).toEqual([[['classify', 'a.png']]]);
    expect(process.exitCode).toBe(7);
  });

  test.each([
    ['that is closed', 'EPIPE', 0, ''],
    ['to a disk that is full', 'ENOSPC', 1, 'error: Cannot write the output: no room\n'],
  ])('ends with output %s', async (_, code, expected, words) => {
    await start(() => new Promise(() => undefined));
    let written = '';
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
      written += String(text);
      return true;
    });
    const exit = jest.spyOn(process, 'exit').mockImplementation(() => {
      throw new Error('it ended');
    });
    for (const stream of streams) {
      written = '';
      const error = Object.assign(new Error('no room'), { code });
      expect(() => stream.emit('error', error)).toThrow('it ended');
      expect(exit).toHaveBeenLastCalledWith(expected);
      expect(written).toBe(words);
    }
  });
});

describe('bigtransfer classify', () => {
  test('prints each image with its best labels', async () => {
    const [first = '', second = ''] = pictures();
    const { code, stdout, stderr } = await bigtransfer(['classify', '--top-k', '2', first, second]);
    expect([code, stderr]).toEqual([0, '']); // no progress bar in a pipe
    const lines = stdout.trimEnd().split('\n');
    expect([lines[0], lines[3]]).toEqual([first, second]);
    for (const i of [1, 2, 4, 5]) expect(lines[i]).toMatch(/^ {2}[01]\.\d{4} {2}\S/);
  });

  test('goes on past what it cannot read, tells, and exits with 1', async () => {
    const args = ['classify', '--json', '--top-k', '1', PICTURES, join(dir, '*.png'), 'nope.jpg'];
    const { code, stdout, stderr } = await bigtransfer(args);
    const { results, failed } = JSON.parse(stdout) as {
      results: { path: string; predictions: { label: string; score: number }[] }[];
      failed: { path: string; code: string }[];
    };
    expect(code).toBe(1);
    expect(results.length).toBeGreaterThanOrEqual(pictures().length);
    for (const { predictions } of results) {
      expect(predictions).toEqual([{ label: expect.any(String), score: expect.any(Number) }]);
    }
    expect(failed.map(({ path }) => basename(path)).sort()).toEqual(['broken.png', 'nope.jpg']);
    expect(failed.every((image) => image.code === 'ERR_BIT_IMAGE')).toBe(true);
    expect(stderr).toMatch(/error: .*broken\.png: [^]*2 of \d+ failed/);
  });

  test('options of loading and of calls reach the model, which is freed', async () => {
    const dispose = jest.spyOn(BitForImageClassification.prototype, 'dispose');
    const { code } = await bigtransfer(['classify', '--dtype', 'bfloat16', ...pictures()]);
    expect([code, dispose.mock.calls.length]).toEqual([0, 1]);
    dispose.mockRestore();
    const wrong = await bigtransfer(['classify', '--device', 'cuda:63', ...pictures()]);
    expect(wrong.stderr).toContain('ERR_BIT_DEVICE');
    expect(wrong.code).toBe(1);
  });

  test('a batch gives the same as one by one', async () => {
    const run = async (size: string) => {
      const { stdout } = await bigtransfer(['classify', '--json', '--batch-size', size, PICTURES]);
      return (
        JSON.parse(stdout) as { results: { predictions: { label: string }[] }[] }
      ).results.map(({ predictions }) => predictions[0]?.label);
    };
    expect(await run('1')).toEqual(await run('5'));
  });

  test('a reader that leaves early is no error', async () => {
    const during = (child: ChildProcess) => child.stdout?.destroy();
    const { code, stderr } = await bigtransferProcess(['classify', PICTURES], { during });
    expect([code, stderr]).toEqual([0, '']);
  });

  test('Ctrl-C ends what it is at, and nothing listens for it afterwards', async () => {
    const before = process.listenerCount('SIGINT');
    const server = createServer(() => process.emit('SIGINT')); // and never answers
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/cat.png`;
    for (const command of ['classify', 'embed'])
      expect(await bigtransfer([command, url])).toEqual({ code: 130, stdout: '', stderr: '' });
    expect(process.listenerCount('SIGINT')).toBe(before);
    await bigtransfer(['classify', 'nope.png']);
    expect(process.listenerCount('SIGINT')).toBe(before);
    server.closeAllConnections();
    server.close();
  });

  test('Ctrl-C ends it with 130', async () => {
    let child: ChildProcess | undefined;
    const server = createServer(() => child?.kill('SIGINT')); // and never answers
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/cat.png`;
    const { code } = await bigtransferProcess(['classify', url], {
      during: (started) => (child = started),
    });
    server.closeAllConnections();
    server.close();
    expect(code).toBe(130);
  });
});

test.each([
  [['classify', 'x'], false],
  [['classify', '--json', 'x'], true],
  [['embed', 'x'], false],
  [['embed', '--json', 'x'], true],
  [['embed', '--output', 'FILE', 'x'], true],
])('%j: whether results leave the terminal to a bar: %p', async (args, quiet) => {
  const run = jest.spyOn(batches, 'runBatches').mockResolvedValue([]);
  await bigtransfer(args.map((word) => word.replace('FILE', join(dir, 'quiet.jsonl'))));
  expect(run.mock.calls.map(([job]) => job.quiet)).toEqual([quiet]);
  run.mockRestore();
});

describe('bigtransfer embed', () => {
  test('prints a JSON line for each image', async () => {
    const { code, stdout } = await bigtransfer(['embed', ...pictures().slice(0, 2)]);
    const lines = stdout.trimEnd().split('\n');
    const rows = lines.map((line) => JSON.parse(line) as { path: string; features: number[] });
    expect(code).toBe(0);
    expect(rows.map(({ path }) => path)).toEqual(pictures().slice(0, 2));
    // Pooled: a number for each channel of the last map.
    const { hiddenSizes } = await BitConfig.fromPretrained('bit-mini-scenes');
    for (const { features } of rows) expect(features).toHaveLength(hiddenSizes.at(-1) as number);
    expect(rows[0]?.features.every(Number.isFinite)).toBe(true);
  });

  test('options of loading and of calls reach the model, which is freed', async () => {
    const dispose = jest.spyOn(BitModel.prototype, 'dispose');
    const { code } = await bigtransfer(['embed', ...pictures()]);
    expect([code, dispose.mock.calls.length]).toEqual([0, 1]);
    dispose.mockRestore();
    const wrong = await bigtransfer(['embed', '--device', 'cuda:63', ...pictures()]);
    expect(wrong.stderr).toContain('ERR_BIT_DEVICE');
    expect(wrong.code).toBe(1);
  });

  test('--json gives one document of all features and failures', async () => {
    const paths = [...pictures().slice(0, 2), join(dir, 'broken.png')];
    const lines = (await bigtransfer(['embed', ...paths])).stdout.trim().split('\n');
    const { code, stdout } = await bigtransfer(['embed', '--json', ...paths]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      results: lines.map((line) => JSON.parse(line) as object),
      failed: [expect.objectContaining({ path: paths[2], code: 'ERR_BIT_IMAGE' })],
    });
  });

  test.each(['0', '-1', 'soon', 'Infinity', ''])('--timeout %p is refused', async (timeout) => {
    const { code, stderr } = await bigtransfer(['embed', '--timeout', timeout, ...pictures()]);
    expect(stderr).toContain('Expected a positive number.');
    expect(code).toBe(2);
  });

  test('--output writes the lines to a file, whole or not at all', async () => {
    const output = join(dir, 'features.jsonl');
    const good = await bigtransfer(['embed', '--output', output, PICTURES]);
    expect([good.code, good.stdout]).toEqual([0, '']);
    expect(readFileSync(output, 'utf8').trimEnd().split('\n').length).toBeGreaterThan(1);
    const none = join(dir, 'none.jsonl');
    const bad = await bigtransfer(['embed', '--model', './no/such', '--output', none, PICTURES]);
    expect(bad.code).toBe(1);
    expect(readdirSync(dir).sort()).toEqual(['broken.png', 'features.jsonl']);
  });

  test('--output leaves an old file where no image gave a line, and the JSON goes beside it', async () => {
    const output = join(dir, 'features.jsonl');
    writeFileSync(output, 'old');
    const none = await bigtransfer(['embed', '--output', output, join(dir, 'broken.png')]);
    expect([none.code, none.stdout]).toEqual([1, '']);
    expect(readFileSync(output, 'utf8')).toBe('old');
    const [picture = ''] = pictures();
    const both = ['--output', output, '--json', picture, join(dir, 'broken.png')];
    const { stdout } = await bigtransfer(['embed', ...both]);
    const { results } = JSON.parse(stdout) as { results: object[] };
    expect(readFileSync(output, 'utf8')).toBe(`${JSON.stringify(results[0])}\n`);
  });
});

describe('bigtransfer inspect', () => {
  test('shows stages, cost and what loads', async () => {
    const { code, stdout } = await bigtransfer(['inspect', 'bit-mini-scenes']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^stage +output +parameters +multiply-adds\n/);
    expect(stdout).toMatch(/\ntotal +[\d,]+ +[\d,]+\n/);
    expect(stdout).toContain('Missing in the file (started at random): none');
    expect(stdout).toContain('\n\nFor one image of 96 x 96.\nFile: ');
    expect(stdout).toMatch(/\nFile: .*bit-mini-scenes.model\.safetensors\n/);
    // Numbers end below each other.
    const rows = (stdout.split('\n\n')[0] as string).split('\n');
    expect(new Set(rows.map(({ length }) => length)).size).toBe(1);
  });

  test('names what is missing, unknown or of another shape', async () => {
    const model = join(dir, 'other head');
    cpSync(join(ROOT, 'models', 'bit-mini-scenes'), model, { recursive: true });
    const path = join(model, 'config.json');
    const config = JSON.parse(readFileSync(path, 'utf8')) as object;
    const labels = { id2label: { 0: 'a', 1: 'b' }, label2id: { a: 0, b: 1 }, num_labels: 2 };
    writeFileSync(path, JSON.stringify({ ...config, ...labels }));
    const { stdout } = await bigtransfer(['inspect', model]);
    expect(stdout).toContain('\nMissing in the file (started at random): none\n');
    expect(stdout).toMatch(
      /\nOf another shape: 2\n {2}classifier\S* \(file 16\b.*, model 2\b.*\)\n {2}classifier\S* \(file 16/,
    );
  });

  test('--size changes the cost and not the parameters; --json gives all of it', async () => {
    const run = async (size: string) => {
      const { stdout } = await bigtransfer([
        'inspect',
        'bit-mini-scenes',
        '--json',
        '--size',
        size,
      ]);
      return JSON.parse(stdout) as {
        parameters: number;
        multiplyAdds: number;
        config: { model_type: string };
      };
    };
    const [small, large] = [await run('64'), await run('128')];
    expect(small.config.model_type).toBe('bit');
    expect(large.parameters).toBe(small.parameters);
    expect(large.multiplyAdds).toBeGreaterThan(3 * small.multiplyAdds);
  });
});

describe('bigtransfer doctor', () => {
  test('finds nothing wrong here', async () => {
    const { code, stdout } = await bigtransfer(['doctor']);
    expect(stdout).toContain('All is well.');
    expect(stdout).toMatch(/\nlibtorch +2\.\d+/);
    expect(code).toBe(0);
  });

  test('says what mends a libtorch that is not there, and exits with 1', async () => {
    const env = { BIGTRANSFER_LIBTORCH: join(dir, 'nowhere') };
    const { code, stdout } = await bigtransferProcess(['doctor', '--json'], { env });
    const { problems } = JSON.parse(stdout) as { problems: string[] };
    expect(problems[0]).toMatch(/BIGTRANSFER_LIBTORCH is set to .*nowhere/);
    expect(code).toBe(1);
  });
});
