// What doctor shows of machines that this one is not.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SystemInfo } from '../../lib';

const info = jest.fn<SystemInfo, []>();
const search = jest.fn<ReturnType<typeof findLibtorch>, []>();
jest.mock('../../lib/index', () => {
  const actual = jest.requireActual<{ libtorch: object }>('../../lib/index');
  const ours = { ...actual.libtorch, findLibtorch: () => search() };
  return { ...actual, systemInfo: () => info(), libtorch: ours };
});
import { findLibtorch } from '../../lib/libtorch';
import { systemInfo } from '../../lib/system_info';
import { temporaryFolder } from '../support/temporary';
import { ROOT, bigtransfer } from './run';

beforeEach(() => search.mockImplementation(() => findLibtorch()));

const folder = temporaryFolder();
/** Caches that nothing is in. */
const env = { HF_HUB_CACHE: join(folder, 'models'), BIGTRANSFER_CACHE: join(folder, 'ours') };
const sharpJson = readFileSync(join(ROOT, 'node_modules', 'sharp', 'package.json'), 'utf8');
const sharpVersion = (JSON.parse(sharpJson) as { version: string }).version;

const gpu = {
  type: 'cuda',
  device: 'cuda:0',
  name: 'H200',
  capability: '9.0',
  totalMemory: 140e9,
  freeMemory: 100e9,
} as const;

/** What it prints of this machine with something otherwise. */
async function doctor(otherwise: object, env?: Record<string, string>) {
  info.mockReturnValue({ ...systemInfo(), ...otherwise } as SystemInfo);
  return bigtransfer(['doctor'], { env });
}

/** Of a machine all of whose answers are known. */
const KNOWN: SystemInfo = {
  version: '1.2.3',
  libtorch: { version: '2.13.0+cpu', path: '/torch', source: 'package' },
  devices: [{ type: 'cpu', name: 'cpu' }],
  cpu: { capability: 'AVX2', threads: 3, bf16: false },
  jpeg: 'libjpeg-turbo 3',
  png: 'libpng 1',
  cuda: { available: false, library: true },
  autoDtype: 'float32',
};
const known = [
  ['bigtransfer', '1.2.3'],
  ['Node.js', `${process.version} on ${process.platform}-${process.arch}`],
  ['addon', 'loads'],
  ['libtorch', '2.13.0+cpu (package) /torch'],
  ['', 'not cache: /cache: nothing was fetched'],
  ['CPU', 'AVX2, 3 threads, bfloat16 emulated'],
  ['devices', 'cpu'],
  ['CUDA', 'off: unknown'],
  ['dtype auto', 'float32'],
  ['JPEGs', 'decoded by libjpeg-turbo 3'],
  ['PNGs', 'decoded by libpng 1'],
  ['sharp', sharpVersion],
  ['models cache', `0 B  ${env.HF_HUB_CACHE}`],
  ['libtorch cache', `0 B  ${join(env.BIGTRANSFER_CACHE, 'libtorch')}`],
];
const tried = [{ source: 'cache', where: '/cache', why: 'nothing was fetched' } as const];
const found = { dir: '/torch', version: '2.13.0+cpu', source: 'package' } as const;

/** Rows of the table, and what is said below it. */
function partsOf(stdout: string) {
  const [rows = '', words = ''] = stdout.split('\n\n');
  const table = rows.split('\n').map((row) => [row.slice(0, 16).trim(), row.slice(16)]);
  return { table, words };
}

test('each thing has a row, in this order', async () => {
  search.mockReturnValue({ found, tried });
  const { code, stdout } = await doctor(KNOWN, env);
  expect(partsOf(stdout)).toEqual({ table: known, words: 'All is well.\n' });
  expect(code).toBe(0);
  const bf16 = { ...KNOWN.cpu, bf16: true };
  const other = await doctor({ ...KNOWN, cpu: bf16, autoDtype: 'bfloat16' });
  expect(other.stdout).toContain('AVX2, 3 threads, bfloat16 in hardware\n');
  expect(other.stdout).toMatch(/\ndtype auto +bfloat16\n/);
});

test.each([
  ['that is there', { found, tried }, '2.13.0+cpu (package) /torch, not loaded', /^$/],
  ['that is not', { found: null, tried }, 'not found', /^No libtorch .*\n {2}cache: \/cache: noth/],
])('without the addon no row is of what only that knows: a libtorch %s', async (...row) => {
  const [, result, shown, problem] = row;
  search.mockReturnValue(result);
  const { code, stdout } = await doctor({ ...KNOWN, libtorch: null }, env);
  const { table, words } = partsOf(stdout);
  const rest = [...known.slice(0, 5), ...known.slice(11)];
  expect(table).toEqual(
    rest.map(([name, text]) => {
      if (name === 'addon') return [name, 'does not load'];
      return [name, name === 'libtorch' ? shown : text];
    }),
  );
  expect(words.replace(/^problem: |^All is well\.\n/, '')).toMatch(problem);
  expect(code).toBe(result.found ? 0 : 1);
});

test('a search that fails is a problem as well, told once', async () => {
  search.mockImplementation(() => {
    throw new Error('BIGTRANSFER_LIBTORCH is wrong');
  });
  const { code, stdout } = await doctor({ ...KNOWN, libtorch: null }, env);
  expect(stdout).toMatch(/\nlibtorch +not found\n/);
  expect(partsOf(stdout).words).toBe('problem: BIGTRANSFER_LIBTORCH is wrong\n');
  expect(code).toBe(1);
  const worse = await doctor({ ...KNOWN, libtorch: null, problem: 'it was built elsewhere' });
  expect(partsOf(worse.stdout).words).toBe('problem: it was built elsewhere\n');
});

test('--json gives all of it', async () => {
  search.mockReturnValue({ found, tried });
  info.mockReturnValue(KNOWN);
  const { code, stdout } = await bigtransfer(['doctor', '--json'], { env });
  expect(JSON.parse(stdout)).toEqual({
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    system: KNOWN,
    search: { found, tried },
    sharp: { version: sharpVersion },
    caches: [
      { name: 'models', path: env.HF_HUB_CACHE, bytes: 0 },
      { name: 'libtorch', path: join(env.BIGTRANSFER_CACHE, 'libtorch'), bytes: 0 },
    ],
    problems: [],
  });
  expect(code).toBe(0);
});

test('GPUs with their memory, and what failed of them', async () => {
  const devices = [
    { type: 'cpu', name: 'a CPU' },
    gpu,
    { ...gpu, device: 'cuda:1', problem: 'CUDA error: unknown' },
  ];
  const { code, stdout } = await doctor({ devices, cuda: { available: true } });
  expect(stdout).toMatch(/\ndevices +a CPU, cuda:0, cuda:1\n/);
  expect(stdout).not.toContain('a CPU, compute capability');
  expect(stdout).toMatch(/\ncuda:0 +H200, compute capability 9\.0, 100 GB of 140 GB free\n/);
  expect(stdout).toMatch(
    /\ncuda:1 +H200, compute capability 9\.0, 100 GB of 140 GB free; failed: CUDA error: unknown\n/,
  );
  expect(stdout).toMatch(/\nCUDA +works\n/);
  expect(code).toBe(0);
});

test('why CUDA is off, what decodes JPEGs and PNGs, and where the caches are', async () => {
  const cuda = { available: false, reason: 'no driver' };
  const { stdout } = await doctor({ cuda, jpeg: null, png: null });
  expect(stdout).toMatch(/\nCUDA +off: no driver\n/);
  expect(stdout).toMatch(/\nJPEGs +decoded by sharp\nPNGs +decoded by sharp\n/);
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
