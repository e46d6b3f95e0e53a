import type { ChildProcess } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { BitConfig, BitForImageClassification, BitModel } from '../../lib';
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
    for (const name of ['classify', 'embed', 'inspect', 'bench', 'doctor', 'libtorch'])
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
});

describe('bigtransfer inspect', () => {
  test('shows stages, cost and what loads', async () => {
    const { code, stdout } = await bigtransfer(['inspect', 'bit-mini-scenes']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^stage +output +parameters +multiply-adds\n/);
    expect(stdout).toMatch(/\ntotal +[\d,]+ +[\d,]+\n/);
    expect(stdout).toContain('Missing in the file (started at random): none');
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
    expect(stdout).toMatch(/\nOf another shape: 2\n {2}classifier\S* .*\n {2}classifier\S* /);
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

describe('bigtransfer bench', () => {
  test('tells the speed, and with --profile the time of every layer', async () => {
    const { code, stdout } = await bigtransfer(['bench', '--runs', '2', '--profile']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^bit-mini-scenes, 8 x 3 x 96 x 96, float32 on cpu/);
    expect(stdout).toMatch(/ms, [\d.]+ images per second/);
    expect(stdout).toMatch(/bit\.encoder\.stages\.0\.layers\.0\.conv1 +[\d.]+ +[\d.]+ % +\d+/);
  });

  test('--json has every sample; --size and --batch-size give the shape', async () => {
    const flags = ['--runs', '3', '--size', '40', '--batch-size', '2', '--dtype', 'bfloat16'];
    const { code, stdout } = await bigtransfer(['bench', '--json', ...flags]);
    expect(code).toBe(0);
    const found = JSON.parse(stdout) as { samples: number[] };
    expect(found).toMatchObject({ shape: [2, 3, 40, 40], dtype: 'bfloat16', device: 'cpu' });
    expect(found.samples).toHaveLength(3);
  });
});

test('bench refuses what no array holds', async () => {
  for (const args of [
    ['--batch-size', '100000000'],
    ['--size', '30000'],
  ]) {
    const { code, stderr } = await bigtransfer(['bench', '--runs', '1', ...args]);
    expect(stderr).toContain('ERR_BIT_OUT_OF_MEMORY');
    expect(code).toBe(1);
  }
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
