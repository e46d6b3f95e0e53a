import { mkdtempSync, rmSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findLibtorch, libtorchNotFound } from '../../lib/libtorch';
import * as directory from '../../lib/libtorch/directory';
import * as folders from '../../lib/user_folders';
import { unpacked } from '../../lib/package_root';
import { libtorchFiles, stubPython, writeTree } from './fake';

const linux = process.platform === 'linux' ? describe : describe.skip;
const before = { ...process.env };
let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'bit find '));
  process.env['BIGTRANSFER_CACHE'] = join(home, 'cache');
  delete process.env['BIGTRANSFER_LIBTORCH'];
  process.env['PATH'] = stubPython(join(home, 'bin'), 'exit 1');
});

afterEach(() => {
  process.env = { ...before };
  rmSync(home, { recursive: true, force: true });
});

function cached(version: string, files = libtorchFiles(version)): string {
  const dir = join(home, 'cache', 'libtorch', version);
  return writeTree(dir, { ...files, 'manifest.json': '{}' });
}

test('libtorchNotFound: what was looked for, where, and what helps', () => {
  const tried = [
    { source: 'cache', where: '/a', why: 'no such directory' },
    { source: 'python', where: 'python3', why: 'it has no torch' },
  ] as const;
  const lines = (wanted: string) => [
    `No libtorch (${wanted}) was found.`,
    '  cache: /a: no such directory',
    '  python: python3: it has no torch',
    'Run `npx bigtransfer libtorch fetch`, or set BIGTRANSFER_LIBTORCH to the directory of a libtorch (the one with lib/ in it).',
  ];
  expect(libtorchNotFound([...tried]).message).toBe(lines('2.11 to 2.14').join('\n'));
  const needs = { version: '2.13' };
  expect(libtorchNotFound([...tried], needs).message).toBe(lines('2.13').join('\n'));
});

linux('findLibtorch', () => {
  test('what Node may not read is a reason, and any other failure is one of ours', () => {
    cached('2.13.0+cpu');
    const inspect = jest.spyOn(directory, 'inspectDirectory');
    inspect.mockImplementation(() => {
      throw Object.assign(new Error('Access to this API has been restricted'), {
        code: 'ERR_ACCESS_DENIED',
        permission: 'FileSystemRead',
        resource: '/somewhere',
      });
    });
    const { found, tried } = findLibtorch();
    expect(found).toBeNull();
    expect(tried.find(({ source }) => source === 'cache')?.why).toMatch(
      /^Node's permission model is on: .*\/somewhere/,
    );
    inspect.mockImplementation(() => {
      throw new Error('a disk that fails');
    });
    expect(() => findLibtorch()).toThrow('a disk that fails');
    inspect.mockRestore();
  });

  test('a user without a folder for caches has none, which is a reason', () => {
    delete process.env['BIGTRANSFER_CACHE'];
    const home = jest.spyOn(folders, 'userCacheFolder').mockReturnValue(null);
    const { found, tried } = findLibtorch();
    home.mockRestore();
    expect(found).toBeNull();
    expect(tried.filter(({ source }) => source === 'cache')).toEqual([
      {
        source: 'cache',
        where: 'no folder',
        why: expect.stringMatching(/^There is no home folder for a cache: /) as string,
      },
    ]);
  });

  test('finds nothing and says where it looked', () => {
    const { found, tried } = findLibtorch();
    expect(found).toBeNull();
    expect(tried.map(({ source }) => source)).toEqual(['package', 'cache', 'python']);
    const error = libtorchNotFound(tried);
    expect(error.code).toBe('ERR_BIT_LIBTORCH');
    expect(error.message).toContain('npx bigtransfer libtorch fetch');
  });

  test('BIGTRANSFER_LIBTORCH wins over the cache', () => {
    cached('2.13.0+cpu');
    const dir = writeTree(join(home, 'mine'), libtorchFiles('2.12.1'));
    process.env['BIGTRANSFER_LIBTORCH'] = dir;
    expect(findLibtorch().found).toEqual({ dir, version: '2.12.1', source: 'env', cuda: null });
  });

  test('an unusable BIGTRANSFER_LIBTORCH is an error, not a reason to look elsewhere', () => {
    cached('2.13.0+cpu');
    process.env['BIGTRANSFER_LIBTORCH'] = join(home, 'nowhere');
    expect(() => findLibtorch()).toThrow(/BIGTRANSFER_LIBTORCH is set to .*no such directory/);
    process.env['BIGTRANSFER_LIBTORCH'] = writeTree(join(home, 'old'), libtorchFiles('2.10.0'));
    expect(() => findLibtorch()).toThrow(/2\.10\.0, and 2\.11 to 2\.14 are supported/);
  });

  test('prefers the pinned version in the cache, then the newest', () => {
    cached('2.14.0+cpu');
    cached('2.9.0');
    cached('2.12.0+cpu');
    expect(findLibtorch().found?.version).toBe('2.14.0+cpu');
    cached('2.13.0+cpu');
    expect(findLibtorch().found?.version).toBe('2.13.0+cpu');
  });

  test('passes over copies of another version, without headers, or half fetched', () => {
    const dir = cached('2.13.0+cpu');
    expect(findLibtorch({ version: '2.12' }).found).toBeNull();
    unlinkSync(join(dir, 'include/ATen/ATen.h'));
    expect(findLibtorch().found?.dir).toBe(dir);
    expect(findLibtorch({ needHeaders: true }).found).toBeNull();
    unlinkSync(join(dir, 'manifest.json'));
    expect(findLibtorch().found).toBeNull();
  });

  test.each([
    ['build-version', { 'build-version': '2.13.1+cu128\n' }, '2.13.1+cu128'],
    [
      'headeronly/version.h',
      { 'include/torch/headeronly/version.h': '#define TORCH_VERSION \\\n  "2.11.0"\n' },
      '2.11.0',
    ],
    ['version.h', { 'include/torch/version.h': '#define TORCH_VERSION "2.12.0"\n' }, '2.12.0'],
  ])('reads the version from %s', (_, files, version) => {
    const libraries = { 'lib/libc10.so': '', 'lib/libtorch_cpu.so': '' };
    process.env['BIGTRANSFER_LIBTORCH'] = writeTree(join(home, 'x'), { ...libraries, ...files });
    expect(findLibtorch().found?.version).toBe(version);
  });

  test("tells CUDA's version from version.py or the suffix, undefined where neither says", () => {
    const cuda = { 'lib/libtorch_cuda.so': '' };
    const at = (name: string, version: string, more = {}) =>
      writeTree(join(home, name), { ...libtorchFiles(version), ...cuda, ...more });
    process.env['BIGTRANSFER_LIBTORCH'] = at('a', '2.13.0+cu126');
    expect(findLibtorch().found?.cuda).toBe('12.6');
    const python = "__version__ = '2.13.0'\ncuda: Optional[str] = '13.0'\n";
    process.env['BIGTRANSFER_LIBTORCH'] = at('b', '2.13.0', { 'version.py': python });
    expect(findLibtorch().found?.cuda).toBe('13.0');
    process.env['BIGTRANSFER_LIBTORCH'] = at('c', '2.13.0');
    expect(findLibtorch().found?.cuda).toBeUndefined();
  });

  test("finds Python's torch last", () => {
    const dir = writeTree(join(home, 'site packages', 'torch'), libtorchFiles('2.13.0'));
    process.env['PATH'] = stubPython(join(home, 'bin'), `echo '${dir}'`);
    expect(findLibtorch().found).toEqual({ dir, version: '2.13.0', source: 'python', cuda: null });
  });
});

test('a package inside an Electron archive is used from beside it', () => {
  expect(unpacked(join('/app', 'app.asar', 'node_modules'))).toBe(
    join('/app', 'app.asar.unpacked', 'node_modules'),
  );
  expect(unpacked(join('/app', 'app.asar.unpacked', 'x'))).toBe(
    join('/app', 'app.asar.unpacked', 'x'),
  );
});
