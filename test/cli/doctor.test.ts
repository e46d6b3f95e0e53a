// What doctor shows of machines that this one is not.
import type { SystemInfo } from '../../lib';

const info = jest.fn<SystemInfo, []>();
jest.mock('../../lib/index', () => ({
  ...jest.requireActual<object>('../../lib/index'),
  systemInfo: () => info(),
}));
import { systemInfo } from '../../lib/system_info';
import { bigtransfer } from './run';

const gpu = {
  type: 'cuda',
  device: 'cuda:0',
  name: 'H200',
  capability: '9.0',
  totalMemory: 140e9,
  freeMemory: 100e9,
} as const;

/** What it prints of this machine with something otherwise. */
async function doctor(otherwise: object) {
  info.mockReturnValue({ ...systemInfo(), ...otherwise } as SystemInfo);
  return bigtransfer(['doctor']);
}

test('GPUs with their memory, and what failed of them', async () => {
  const devices = [
    { type: 'cpu', name: 'a CPU' },
    gpu,
    { ...gpu, device: 'cuda:1', problem: 'CUDA error: unknown' },
  ];
  const { code, stdout } = await doctor({ devices, cuda: { available: true } });
  expect(stdout).toMatch(/\ndevices +a CPU, cuda:0, cuda:1\n/);
  expect(stdout).toMatch(/\ncuda:0 +H200, compute capability 9\.0, 100 GB of 140 GB free\n/);
  expect(stdout).toMatch(
    /\ncuda:1 +H200, compute capability 9\.0, 100 GB of 140 GB free; failed: CUDA error: unknown\n/,
  );
  expect(stdout).toMatch(/\nCUDA +works\n/);
  expect(code).toBe(0);
});

test('why CUDA is off, what decodes JPEGs, and where the caches are', async () => {
  const { stdout } = await doctor({ cuda: { available: false, reason: 'no driver' }, jpeg: null });
  expect(stdout).toMatch(/\nCUDA +off: no driver\n/);
  expect(stdout).toMatch(/\nJPEGs +decoded by sharp\n/);
  expect(stdout).toMatch(/\nmodels cache +[\d.]+ [KMG]?B {2}\//);
  expect(stdout).toMatch(/\nlibtorch cache +[\d.]+ [KMG]?B {2}\//);
});

test('the cache of models is the one that is used: relative paths are ignored', async () => {
  const warnings = jest.spyOn(process, 'emitWarning').mockImplementation();
  const env = { HF_HUB_CACHE: 'x', HF_HOME: '', HUGGINGFACE_HUB_CACHE: '' };
  info.mockReturnValue(systemInfo());
  const { stdout } = await bigtransfer(['doctor'], { env });
  expect(stdout).toMatch(/\nmodels cache +[\d.]+ [KMG]?B {2}\/.*huggingface\/hub\n/);
  expect(warnings).toHaveBeenCalled();
  warnings.mockRestore();
});

test('an addon that does not load, with the problem in its own words', async () => {
  const { code, stdout } = await doctor({ libtorch: null, problem: 'it was built elsewhere' });
  expect(stdout).toMatch(/\naddon +does not load\n/);
  expect(stdout).toContain('problem: it was built elsewhere');
  expect(stdout).not.toContain('All is well');
  expect(code).toBe(1);
});
