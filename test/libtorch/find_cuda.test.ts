// Which libtorch is found where there are builds for GPUs, several series, or the platform's package.
import fs, { mkdirSync, mkdtempSync, rmSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { version } from '../../lib/version';
import { findLibtorch, libtorchNotFound } from '../../lib/libtorch';
import type { Needs } from '../../lib/config/libtorch_options';
import { libtorchFiles, stubPython, writeTree } from './fake';

const linux = process.platform === 'linux' ? describe : describe.skip;
const NAME = `@bigtransfer/libtorch-${process.platform}-${process.arch}`;
const DRIVERS = ['/proc/driver/nvidia/version', '/dev/nvidiactl', '/dev/dxg'];
const before = { ...process.env };
let home: string;
let root: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'bit find '));
  root = join(home, 'cache', 'libtorch');
  process.env['BIGTRANSFER_CACHE'] = join(home, 'cache');
  delete process.env['BIGTRANSFER_LIBTORCH'];
  process.env['PATH'] = stubPython(join(home, 'bin'), 'exit 1');
  machineWith();
});

afterEach(() => {
  jest.restoreAllMocks();
  process.env = { ...before };
  rmSync(home, { recursive: true, force: true });
});

/** A machine that has this of NVIDIA's driver, and nothing else of it. */
function machineWith(driver?: string): void {
  jest.restoreAllMocks();
  const exists = fs.existsSync;
  jest
    .spyOn(fs, 'existsSync')
    .mockImplementation((path) =>
      DRIVERS.includes(String(path)) ? path === driver : exists(path),
    );
}

/** A copy in the cache as `libtorch fetch` leaves it; returns the libtorch. */
function cpuCopy(of: string): string {
  return writeTree(join(root, of), { ...libtorchFiles(of), 'manifest.json': '{}' });
}

/** The same as `libtorch fetch --cuda` leaves it. */
function cudaCopy(of: string): string {
  const dir = join(root, of);
  writeTree(dir, { 'manifest.json': '{}', 'nvidia/cu13/lib/libcublas.so.13': '' });
  return writeTree(join(dir, 'torch'), { ...libtorchFiles(of), 'lib/libtorch_cuda.so': 'cuda' });
}

/** A package as published, which BIGTRANSFER_PACKAGE names, with its platform's package or without. */
function published({
  libtorch,
  asks = true,
}: {
  libtorch?: string;
  asks?: boolean;
}): string | null {
  const folder = join(home, 'app', 'node_modules', 'bigtransfer');
  const optionalDependencies = asks ? { [NAME]: '~2.13.0' } : undefined;
  writeTree(folder, {
    'package.json': JSON.stringify({ name: 'bigtransfer', version, optionalDependencies }),
  });
  process.env['BIGTRANSFER_PACKAGE'] = folder;
  if (libtorch === undefined) return null;
  const manifest = {
    name: NAME,
    version: '2.13.0',
    exports: { './package.json': './package.json' },
  };
  return writeTree(join(home, 'app', 'node_modules', NAME), {
    'package.json': JSON.stringify(manifest),
    'lib/libc10.so': '',
    'lib/libtorch_cpu.so': '',
    'build-version': libtorch,
  });
}

const found = (needs?: Needs) => findLibtorch(needs).found;

linux("the platform's package", () => {
  test('is found from the package, before what is in the cache', () => {
    const dir = published({ libtorch: '2.13.0+cpu' });
    cpuCopy('2.13.0+cpu');
    expect(findLibtorch()).toEqual({
      found: { dir, version: '2.13.0+cpu', source: 'package', cuda: null },
      tried: [],
    });
  });

  test('that will not do is a reason to look further', () => {
    const where = published({ libtorch: '2.13.0+cpu' });
    const dir = cpuCopy('2.14.0+cpu');
    expect(findLibtorch({ version: '2.14' })).toEqual({
      found: { dir, version: '2.14.0+cpu', source: 'cache', cuda: null },
      tried: [{ source: 'package', where, why: 'it is 2.13.0+cpu, and 2.14 is needed' }],
    });
    expect(findLibtorch({ needHeaders: true }).tried[0]?.why).toMatch(/^it has no include/);
  });
});

linux('a build for GPUs in the cache', () => {
  test.each(DRIVERS)("is preferred to the platform's package where there is %s", (driver) => {
    published({ libtorch: '2.13.0+cpu' });
    cpuCopy('2.13.0+cpu');
    const dir = cudaCopy('2.14.1+cu130');
    expect(found()?.source).toBe('package');
    machineWith(driver);
    expect(findLibtorch()).toEqual({
      found: { dir, version: '2.14.1+cu130', source: 'cache', cuda: '13.0' },
      tried: [],
    });
  });

  test('is what is asked for with `cuda`, with a driver or without', () => {
    const where = published({ libtorch: '2.13.0+cpu' });
    cpuCopy('2.13.0+cpu');
    const dir = cudaCopy('2.14.1+cu130');
    const search = findLibtorch({ cuda: true, needHeaders: true, version: ['2.13', '2.14'] });
    expect(search.found).toEqual({ dir, version: '2.14.1+cu130', source: 'cache', cuda: '13.0' });
    const why = 'it is 2.13.0+cpu, a build for the CPU';
    expect(findLibtorch({ cuda: true }).tried).toEqual([
      { source: 'package', where, why },
      { source: 'cache', where: join(root, '2.13.0+cpu'), why },
    ]);
    rmSync(join(root, '2.14.1+cu130'), { recursive: true });
    expect(found({ cuda: true })).toBeNull();
    expect(found({ cuda: false })?.source).toBe('package');
  });

  test('serves the CPU where nothing else is there', () => {
    const dir = cudaCopy('2.14.1+cu130');
    expect(found()?.dir).toBe(dir);
    cpuCopy('2.13.0+cpu');
    expect(found()?.version).toBe('2.13.0+cpu');
  });

  test('is passed over where it will not do, and named once', () => {
    machineWith(DRIVERS[0]);
    const dir = published({ libtorch: '2.13.0+cpu' });
    const where = cudaCopy('2.14.1+cu130');
    expect(found({ version: '2.13' })?.dir).toBe(dir);
    const { tried } = findLibtorch({ version: '2.12' });
    expect(tried.filter((each) => each.where === where)).toEqual([
      { source: 'cache', where, why: 'it is 2.14.1+cu130, and 2.12 is needed' },
    ]);
    unlinkSync(join(where, '..', 'manifest.json')); // as of a fetch that was interrupted
    expect(found()?.dir).toBe(dir);
  });

  test('BIGTRANSFER_LIBTORCH wins over it, and is told where it is none', () => {
    machineWith(DRIVERS[0]);
    cudaCopy('2.14.1+cu130');
    const dir = writeTree(join(home, 'mine'), libtorchFiles('2.13.0+cpu'));
    process.env['BIGTRANSFER_LIBTORCH'] = dir;
    expect(found()?.dir).toBe(dir);
    expect(() => found({ cuda: true })).toThrow(
      `BIGTRANSFER_LIBTORCH is set to ${dir}, which cannot be used: it is 2.13.0+cpu, a build for the CPU.`,
    );
  });

  test('Node may forbid to look for a driver', () => {
    jest.restoreAllMocks();
    const exists = fs.existsSync;
    jest.spyOn(fs, 'existsSync').mockImplementation((path) => {
      if (DRIVERS.includes(String(path))) throw new Error('Access to this API has been restricted');
      return exists(path);
    });
    cudaCopy('2.14.1+cu130');
    const dir = cpuCopy('2.13.0+cpu');
    expect(found()?.dir).toBe(dir);
  });
});

linux('several series', () => {
  test('any of them will do', () => {
    cpuCopy('2.12.0+cpu');
    const dir = cpuCopy('2.14.0+cpu');
    expect(found({ version: ['2.13', '2.14'] })?.dir).toBe(dir);
    expect(found({ version: ['2.12', '2.11'] })?.version).toBe('2.12.0+cpu');
    expect(found({ version: ['2.13'] })).toBeNull();
    const { tried } = findLibtorch({ version: ['2.13', '2.11'] });
    const cached = tried.filter(({ source }) => source === 'cache');
    expect(cached[0]?.why).toBe('it is 2.14.0+cpu, and 2.13 or 2.11 is needed');
  });

  test('BIGTRANSFER_LIBTORCH of another one: what the addon is built for', () => {
    const dir = writeTree(join(home, 'mine'), libtorchFiles('2.12.0'));
    process.env['BIGTRANSFER_LIBTORCH'] = dir;
    expect(() => found({ version: ['2.13', '2.14'] })).toThrow(
      /it is 2\.12\.0, and 2\.13 or 2\.14 is needed\.\n[^]*\nThe addon here is built for libtorch 2\.13 or 2\.14\. /,
    );
    expect(found({ version: ['2.13', '2.12'] })?.dir).toBe(dir);
  });

  test.each([[2.13], [['2.13', 2.14]], [[['2.13']]], [[[]]], [null]])('%j is refused', (wrong) => {
    expect(() => findLibtorch({ version: wrong as never })).toThrow(
      /^Expected a string or a non-empty array of strings for version but received /,
    );
  });
});

linux('libtorchNotFound', () => {
  const fetch = (options: string) =>
    `\`npx bigtransfer libtorch fetch${options}\`, or set BIGTRANSFER_LIBTORCH to the directory of a libtorch (the ` +
    'one with lib/ in it).';
  const message = (needs: Needs = {}) =>
    libtorchNotFound(findLibtorch(needs).tried, needs).message.split('\n');

  test('of a published package names the one that is missing', () => {
    published({});
    expect(message({ version: ['2.13', '2.14'] })).toEqual([
      'No libtorch (2.13 or 2.14) was found.',
      `  package: ${NAME}: it is not installed`,
      `  cache: ${root}: nothing was fetched`,
      '  python: python3: it has no torch',
      `${NAME} comes with bigtransfer unless optional dependencies are left out (npm's --omit=optional, or a lock ` +
        `file made on another platform). Run \`npm install ${NAME}@~2.13.0\`.`,
      `If that cannot be: run ${fetch('')}`,
    ]);
  });

  test('where that one is there and will not do, it is to be installed again', () => {
    published({ libtorch: '2.12.0+cpu' });
    expect(message({ version: '2.13' }).slice(-2)).toEqual([
      `Remove ${join(home, 'app', 'node_modules', NAME)} and run \`npm install ${NAME}@~2.13.0\`.`,
      `If that cannot be: run ${fetch('')}`,
    ]);
  });

  test('where it is not asked for, only fetching helps', () => {
    published({ libtorch: '2.12.0+cpu' });
    rmSync(join(home, 'app'), { recursive: true });
    published({ asks: false });
    expect(message().at(-1)).toBe(`Run ${fetch('')}`);
    expect(message().join()).not.toContain('npm install');
  });

  test('of one for GPUs tells how to fetch that', () => {
    published({});
    expect(message({ cuda: true }).slice(-2)).toEqual([
      '  python: python3: it has no torch',
      `Run ${fetch(' --cuda')}`,
    ]);
    expect(message({ cuda: false }).at(-1)).toBe(`If that cannot be: run ${fetch('')}`);
  });
});

test('a cache that cannot be looked at is a reason too', () => {
  machineWith(DRIVERS[0]);
  mkdirSync(root, { recursive: true });
  const denied = Object.assign(new Error('restricted'), {
    code: 'ERR_ACCESS_DENIED',
    permission: 'FileSystemRead',
    resource: root,
  });
  jest.spyOn(fs, 'readdirSync').mockImplementation(() => {
    throw denied;
  });
  const cached = findLibtorch().tried.filter(({ source }) => source === 'cache');
  expect(cached).toEqual([
    {
      source: 'cache',
      where: root,
      why: expect.stringContaining("Node's permission model is on") as string,
    },
  ]);
});
