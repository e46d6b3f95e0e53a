import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { BitConfig, BitModel } from '../../lib';
import type * as Load from '../../lib/binding/load';
import { runnerOf } from '../../lib/models/runner';
import { version } from '../../lib/version';
import { basename, dirname, join } from 'node:path';
import { writeTree } from '../libtorch/fake';
import { ROOT, runScript } from '../support/child';
import { temporaryFolder } from '../support/temporary';

const folder = temporaryFolder();

/** How a model's load ends under these settings. */
const LOAD = `bigtransfer.pipeline('image-classification').then(
  () => print({ loaded: true }),
  ({ name, code, message }) => print({ name, code, message }));`;

interface Outcome {
  loaded?: boolean;
  code?: string;
  message?: string;
}

/** A directory that claims to be a libtorch of some version. */
function fakeLibtorch(name: string, version: string): string {
  const directory = join(folder, name);
  mkdirSync(join(directory, 'lib'), { recursive: true });
  for (const library of ['libc10.so', 'libtorch_cpu.so', 'libtorch.so'])
    writeFileSync(join(directory, 'lib', library), 'not a library');
  writeFileSync(join(directory, 'build-version'), `${version}\n`);
  return directory;
}

test.each([
  ['a directory that is not there', () => '/no/such/libtorch', /BIGTRANSFER_LIBTORCH.*\/no\/such/s],
  ['another version', () => fakeLibtorch('old', '1.9.0'), /1\.9\.0/],
  ['files that are no libraries', () => fakeLibtorch('false', '2.13.0'), /does not load.*libc10/s],
])('BIGTRANSFER_LIBTORCH: %s', async (_, make, words) => {
  const env = { BIGTRANSFER_LIBTORCH: make() };
  const { code, message } = await runScript<Outcome>(LOAD, { env });
  expect(code).toBe('ERR_BIT_LIBTORCH');
  expect(message).toMatch(words);
});

test('systemInfo tells the same problem and does not throw', async () => {
  const env = { BIGTRANSFER_LIBTORCH: '/no/such/libtorch' };
  const info = await runScript<{ libtorch: null; problem: string }>(
    'print(bigtransfer.systemInfo());',
    { env },
  );
  expect(info.libtorch).toBeNull();
  expect(info.problem).toContain('/no/such/libtorch');
});

describe('a package of one platform', () => {
  const copy = join(folder, 'a package', 'bigtransfer');
  const scriptOf = (directory: string) =>
    LOAD.replace('bigtransfer.', `require(${JSON.stringify(directory)}).`);

  beforeAll(() => {
    mkdirSync(copy, { recursive: true });
    for (const name of ['package.json', 'dist', 'models'])
      cpSync(join(ROOT, name), join(copy, name), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
    const prebuilds = join(copy, 'prebuilds', `${process.platform}-${process.arch}`);
    cpSync(join(ROOT, 'build', 'Release'), prebuilds, { recursive: true });
  });

  test('loads from prebuilds/, in a path with spaces', async () => {
    expect(await runScript<Outcome>(scriptOf(copy))).toEqual({ loaded: true });
  });

  test('says what is missing when it has no addon for this platform', async () => {
    rmSync(join(copy, 'prebuilds'), { recursive: true });
    const { code, message } = await runScript<Outcome>(scriptOf(copy));
    expect(code).toBe('ERR_BIT_LIBTORCH');
    expect(message).toContain(`no native addon for ${process.platform}-${process.arch}`);
  });
});

test('sessions come from load() alone', async () => {
  const model = await BitModel.fromConfig(new BitConfig({ depths: [1], hiddenSizes: [128] }));
  const { session } = runnerOf(model);
  const Session = session.constructor as new (given?: unknown) => unknown;
  for (const given of [undefined, {}, session]) {
    expect(() => new Session(given)).toThrow('Sessions are made by load()');
  }
  await model.dispose();
});

describe('with an addon that only notes what it is given', () => {
  const { platform } = process;
  const PLATFORM = `${platform}-${process.arch}`;
  const before = { ...process.env };
  let root: string;
  let count = 0;

  /** What an addon was opened with. */
  interface Opened {
    library: string;
    core: string;
    cudaLibrary?: string;
  }
  const opened: Opened[] = [];
  const noted = globalThis as { openedByTest?: Opened[]; loadedByTest?: string };

  /** Also fails to open a library that is not there, as the real one does. */
  const ADDON = `
    const fs = require('node:fs');
    exports.loaded = () => globalThis.loadedByTest ?? '';
    exports.open = (library, core) => {
      const call = { library, core };
      globalThis.openedByTest.push(call);
      if (!fs.existsSync(core)) throw new Error(core + ': cannot open');
      if (fs.readFileSync(core, 'utf8') !== 'core') throw new Error(fs.readFileSync(core, 'utf8'));
      return { initialize: ({ cudaLibrary }) => { call.cudaLibrary = cudaLibrary; }, close() {} };
    };`;

  beforeEach(() => {
    root = join(folder, `package ${count++}`, 'bigtransfer');
    opened.length = 0;
    noted.openedByTest = opened;
    writeTree(root, { 'package.json': JSON.stringify({ name: 'bigtransfer', version }) });
    process.env['BIGTRANSFER_PACKAGE'] = root;
    process.env['BIGTRANSFER_CACHE'] = join(root, 'cache');
    process.env['PATH'] = '/no/such/folder';
    delete process.env['BIGTRANSFER_LIBTORCH'];
    delete process.env['BIGTRANSFER_PREBUILD'];
  });
  afterEach(() => {
    process.env = { ...before };
    Object.defineProperty(process, 'platform', { value: platform });
    delete noted.openedByTest;
    delete noted.loadedByTest;
  });

  /** An addon with cores for these series, in a package or where a clone builds it. */
  function addon(series: string[], place = join('prebuilds', PLATFORM), core = 'core'): string {
    const cores = series.map((each) => [`bigtransfer-torch${each}.so`, core]);
    const directory = writeTree(join(root, place), {
      ...(Object.fromEntries(cores) as Record<string, string>),
      'bigtransfer.js': ADDON,
      'bigtransfer-cuda-torch2.12.so': 'no core',
    });
    return join(directory, 'bigtransfer.js');
  }

  /** Loads with node-gyp-build's answer, or with its own where there is none; glibc as told. */
  function load(
    path: string | null,
    glibc: string | null = '2.36',
    libc = 'glibc',
  ): Load.LoadedBinding {
    if (path === null) jest.dontMock('node-gyp-build');
    else jest.doMock('node-gyp-build', () => ({ resolve: () => path }));
    jest.doMock('detect-libc', () => ({
      GLIBC: 'glibc',
      MUSL: 'musl',
      familySync: () => libc,
      versionSync: () => glibc,
    }));
    let info: Load.LoadedBinding | undefined;
    jest.isolateModules(() => {
      const { loadBindingInfo } = jest.requireActual('../../lib/binding/load') as typeof Load;
      info = loadBindingInfo();
      expect(loadBindingInfo()).toBe(info); // opened once
    });
    return info as Load.LoadedBinding;
  }

  const libtorchOf = (series: string) => fakeLibtorch(`libtorch ${count} ${series}`, `${series}.1`);

  test.each(['2.13', '2.14'])('the core for libtorch %s is taken', (series) => {
    const dir = libtorchOf(series);
    process.env['BIGTRANSFER_LIBTORCH'] = dir;
    const path = addon(['2.13', '2.14']);
    const { libtorch, addon: loaded } = load(path);
    expect(libtorch).toEqual({ dir, version: `${series}.1`, source: 'env', cuda: null });
    expect(loaded).toBe(path);
    expect(opened).toEqual([
      {
        library: join(dir, 'lib'),
        core: join(path, '..', `bigtransfer-torch${series}.so`),
        cudaLibrary: join(path, '..', `bigtransfer-cuda-torch${series}.so`),
      },
    ]);
  });

  test('of what is in the cache, that for which there is a core', () => {
    for (const series of ['2.12', '2.14']) {
      const dir = join(root, 'cache', 'libtorch', `${series}.1`);
      cpSync(libtorchOf(series), dir, { recursive: true });
      writeFileSync(join(dir, 'manifest.json'), '{}');
    }
    expect(load(addon(['2.11', '2.12'])).libtorch.version).toBe('2.12.1');
    expect(load(addon(['2.14', '2.15'], 'other')).libtorch.version).toBe('2.14.1');
    expect(opened.map(({ core }) => basename(core))).toEqual(
      ['2.12', '2.14'].map((series) => `bigtransfer-torch${series}.so`),
    );
  });

  test('a libtorch for which there is none', () => {
    process.env['BIGTRANSFER_LIBTORCH'] = libtorchOf('2.12');
    expect(() => load(addon(['2.13', '2.14']))).toThrow(/2\.12\.1, and 2\.13 or 2\.14 is needed/);
    delete process.env['BIGTRANSFER_LIBTORCH'];
    expect(() => load(addon(['2.13', '2.14']))).toThrow(
      /^No libtorch \(2\.13 or 2\.14\) was found/,
    );
    expect(opened).toEqual([]);
  });

  test('an addon without a core', () => {
    process.env['BIGTRANSFER_LIBTORCH'] = libtorchOf('2.13');
    expect(() => load(addon([]))).toThrow(/^bigtransfer\.js in .* has no core library beside it/);
  });

  test('the library for GPUs comes from beside the core, else from its own package', () => {
    process.env['BIGTRANSFER_LIBTORCH'] = libtorchOf('2.14');
    const path = addon(['2.14']);
    const name = 'bigtransfer-cuda-torch2.14.so';
    const own = `@bigtransfer/cuda-${PLATFORM}`;
    const manifest = { name: own, version, exports: { './package.json': './package.json' } };
    const installed = writeTree(join(root, '..', 'node_modules', own), {
      'package.json': JSON.stringify(manifest),
      [name]: '',
    });
    load(path);
    writeFileSync(join(path, '..', name), '');
    load(path);
    expect(opened.map(({ cudaLibrary }) => cudaLibrary)).toEqual([
      join(installed, name),
      join(path, '..', name),
    ]);
  });

  test('the libtorch that the process has is taken, since it can have no other', () => {
    const [one, other] = [libtorchOf('2.13'), fakeLibtorch('loaded by another', '2.14.1')];
    process.env['BIGTRANSFER_LIBTORCH'] = one;
    noted.loadedByTest = join(other, 'lib');
    const path = addon(['2.13', '2.14']);
    expect(load(path).libtorch).toEqual({
      dir: other,
      version: '2.14.1',
      source: 'process',
      cuda: null,
    });
    expect(opened.map(({ core }) => basename(core))).toEqual(['bigtransfer-torch2.14.so']);
    noted.loadedByTest = join(one, 'lib');
    expect(load(path).libtorch).toMatchObject({ dir: one, source: 'env' });
  });

  test('where no core is for the one that the process has, that is said', () => {
    process.env['BIGTRANSFER_LIBTORCH'] = libtorchOf('2.13');
    noted.loadedByTest = join(fakeLibtorch('an older one', '2.12.0'), 'lib');
    expect(() => load(addon(['2.13']))).toThrow(
      /^This process has loaded the libtorch in .*an older one already, and can have no other; but it is 2\.12\.0, and 2\.13 is needed\. /,
    );
    expect(opened).toEqual([]);
  });

  test('a core that was cut short', () => {
    process.env['BIGTRANSFER_LIBTORCH'] = libtorchOf('2.13');
    const whole = readFileSync(process.execPath).subarray(0, 1_000_000);
    const path = addon(['2.13']);
    const core = join(dirname(path), 'bigtransfer-torch2.13.so');
    writeFileSync(core, whole);
    expect(() => load(path)).toThrow(
      /bigtransfer-torch2\.13\.so is damaged: it has 1000000 bytes of \d+\./,
    );
  });

  describe('one that does not open', () => {
    const OLD =
      /^The native addon .* does not load with libtorch 2\.13\.1 in .*: GLIBC_2.31 not found/;
    const ADVICE = '\nThis system has glibc 2.28, and the published binaries need 2.31 or newer';
    beforeEach(() => (process.env['BIGTRANSFER_LIBTORCH'] = libtorchOf('2.13')));

    test('as published, on an old system: the system is named', () => {
      const path = addon(['2.13'], join('prebuilds', PLATFORM), 'GLIBC_2.31 not found');
      expect(() => load(path, '2.28')).toThrow(OLD);
      expect(() => load(path, '2.28')).toThrow(ADVICE);
    });

    test.each([
      ['on one that is new enough', join('prebuilds', PLATFORM), '2.31'],
      ['on one of which that is not known', join('prebuilds', PLATFORM), null],
      ['built here', join('build', 'Release'), '2.28'],
    ])('%s: nothing is added', (_, place, glibc) => {
      const path = addon(['2.13'], place, 'GLIBC_2.31 not found');
      expect(() => load(path, glibc)).toThrow(/GLIBC_2\.31 not found$/);
    });
  });

  describe('where there is none', () => {
    const message = (...libc: [glibc: string | null, libc: string] | []) => {
      try {
        load(null, ...libc);
      } catch (error) {
        return (error as Error).message;
      }
      return 'it loads';
    };
    const none = (place: string) => `There is no native addon for ${PLATFORM} in ${place}. `;

    test('in a published package: it is to be installed again', () => {
      expect(message()).toBe(
        `${none(root)}Install bigtransfer again: the published package has it in prebuilds/`,
      );
    });

    test('in a clone: it is to be built', () => {
      writeTree(root, { 'tsconfig.json': '{}' });
      expect(message()).toBe(
        `${none(root)}In a clone, run \`npm run build:native\`; it needs CMake and a C++20 compiler`,
      );
    });

    test('where BIGTRANSFER_PREBUILD leads to: that is named', () => {
      process.env['BIGTRANSFER_PREBUILD'] = '/no/such/prebuilds';
      const place = '/no/such/prebuilds, which BIGTRANSFER_PREBUILD names';
      expect(message()).toBe(
        `${none(place)}Let it name a folder with prebuilds/ or build/Release/ in it, or unset it`,
      );
    });

    test('for another LIBC than the system has: the variable is named', () => {
      process.env['LIBC'] = 'musl';
      expect(message()).toBe(
        `${none(root)}The variable LIBC says 'musl', by which addons are chosen: unset it`,
      );
      process.env['LIBC'] = 'glibc';
      expect(message()).toContain('Install bigtransfer again');
    });

    test('for the system: what helps instead', () => {
      expect(message('2.28', 'glibc')).toContain(`${none(root)}This system has glibc 2.28, `);
      expect(message('1.2.5', 'musl')).toContain(
        `for ${PLATFORM} with musl in ${root}. This is a Linux with musl, such as Alpine`,
      );
      Object.defineProperty(process, 'platform', { value: 'darwin' });
      expect(message(null, 'none')).toContain(
        `for darwin-${process.arch} in ${root}. Binaries are published for linux-x64 with glibc 2.31`,
      );
    });

    test('in an archive: it is to be unpacked', () => {
      root = join(root, 'app.asar', 'bigtransfer');
      writeTree(root, { 'package.json': JSON.stringify({ name: 'bigtransfer', version }) });
      process.env['BIGTRANSFER_PACKAGE'] = root;
      expect(message()).toMatch(/asarUnpack, such as '[^']+'$/); // and nothing else helps
    });
  });
});
