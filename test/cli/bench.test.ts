// `bigtransfer bench`: what is measured, and how it is told.
import { BitForImageClassification, type LayerTime, type Tensor, systemInfo } from '../../lib';
import { bigtransfer } from './run';

describe('bigtransfer bench', () => {
  interface Found {
    samples: number[];
    milliseconds: number;
    imagesPerSecond: number;
    layers?: LayerTime[];
  }
  const measured = async (...flags: string[]) => {
    const args = ['bench', '--size', '40', '--batch-size', '2', ...flags];
    return (await bigtransfer(args)).stdout;
  };
  const layer = (name: string, milliseconds: number, multiplyAdds = 0): LayerTime =>
    ({ name, milliseconds, multiplyAdds }) as LayerTime;
  /** What the runs of a profile tell, one after another. */
  const profiles = (...runs: LayerTime[][]) => {
    const spy = jest.spyOn(BitForImageClassification.prototype, 'profile');
    for (const run of runs) spy.mockResolvedValueOnce(run);
    return spy;
  };
  afterEach(() => jest.restoreAllMocks());

  test.each([
    ['3', (sorted: number[]) => sorted[1] as number],
    ['4', (sorted: number[]) => ((sorted[1] as number) + (sorted[2] as number)) / 2],
  ])('takes the median of %s runs, and of noise around 0', async (runs, medianOf) => {
    const forward = jest.spyOn(BitForImageClassification.prototype, 'forward');
    const start = performance.now();
    const found = JSON.parse(await measured('--json', '--runs', runs)) as Found;
    const most = performance.now() - start;
    const sorted = [...found.samples].sort((a, b) => a - b);
    expect(found.milliseconds).toBeCloseTo(medianOf(sorted), 9);
    expect(found.imagesPerSecond).toBeCloseTo(2000 / found.milliseconds, 9);
    expect(sorted[0]).toBeGreaterThan(0);
    expect(sorted.reduce((sum, each) => sum + each, 0)).toBeLessThan(most);
    expect(found).not.toHaveProperty('layers');
    const { data } = forward.mock.calls[0]?.[0] as Tensor<Float32Array>;
    expect(Math.min(...data)).toBeLessThan(-0.9);
    expect(Math.min(...data)).toBeGreaterThanOrEqual(-1);
    expect(Math.max(...data)).toBeGreaterThan(0.9);
    expect(Math.max(...data)).toBeLessThanOrEqual(1);
  });

  test('profiles as many runs as it measures, and tells the median of each layer', async () => {
    const profile = profiles(
      [layer('stem', 9, 1e6), layer('head', 3)],
      [layer('stem', 1, 1e6), layer('head', 5)],
      [layer('stem', 2, 1e6), layer('head', 2)],
    );
    const found = JSON.parse(await measured('--json', '--runs', '3', '--profile')) as Found;
    expect(profile).toHaveBeenCalledTimes(3);
    expect(found.layers).toEqual([layer('stem', 2, 1e6), layer('head', 3)]);
  });

  test('shows the share of each layer, and its speed where it multiplies', async () => {
    profiles([layer('stem', 2, 6e6), layer('head', 6)]);
    const stdout = await measured('--runs', '1', '--profile');
    const [, table = ''] = stdout.split('\n\n');
    expect(table.trimEnd().split('\n')).toEqual([
      'layer     ms   share  GFLOP/s',
      'stem   2.000  25.0 %        6',
      'head   6.000  75.0 %',
      'total  8.000',
    ]);
  });

  test('names the device, and of a CPU what it computes with', async () => {
    const { cpu } = systemInfo();
    const words = ` on cpu (${cpu.capability}, ${cpu.threads} threads)\n`;
    expect(await measured('--runs', '1')).toContain(words);
    jest.spyOn(BitForImageClassification.prototype, 'device', 'get').mockReturnValue('cuda:1');
    expect(await measured('--runs', '1')).toContain(', float32 on cuda:1\n');
  });

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
