// What lies in the tarballs, and what the binaries in them ask for.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../support/child';

const { dynamicSection, problemsOf, symbolVersions } = jest.requireActual<{
  dynamicSection: (file: string) => { needed: string[]; paths: string[] };
  problemsOf: (file: string, secrets?: string[]) => string[];
  symbolVersions: (file: string) => Record<string, string>;
}>('../../scripts/release/binaries');

const ARTIFACTS = join(ROOT, 'artifacts');
const unpacked = mkdtempSync(join(tmpdir(), 'bit-tarballs-'));
afterAll(() => rmSync(unpacked, { recursive: true }));

function unpack(start: string): { folder: string; files: string[]; bytes: number } {
  const name = readdirSync(ARTIFACTS).find((each) => each.startsWith(start)) as string;
  const tarball = join(ARTIFACTS, name);
  const folder = mkdtempSync(join(unpacked, 'package-'));
  execFileSync('tar', ['xzf', tarball, '-C', folder, '--strip-components=1']);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    statSync(join(folder, file)).isFile(),
  );
  return { folder, files: files.sort(), bytes: statSync(tarball).size };
}

const main = unpack('bigtransfer-0');
const libtorch = unpack('bigtransfer-libtorch-');
const cuda = unpack('bigtransfer-cuda-');

test('the main package: code, types, addon, sources and the small model', () => {
  const top = new Set(main.files.map((file) => file.split('/')[0]));
  expect([...top].sort()).toEqual(
    ['CHANGELOG.md', 'CMakeLists.txt', 'LICENSE', 'README.md', 'THIRD-PARTY.md', 'cmake'].concat([
      'dist',
      'docs',
      'models',
      'native',
      'package.json',
      'prebuilds',
      'scripts',
    ]),
  );
  const below = (folder: string) => main.files.filter((file) => file.startsWith(`${folder}/`));
  expect(below('prebuilds')).toEqual([
    'prebuilds/README.md',
    'prebuilds/licenses/gloo/LICENSE',
    'prebuilds/licenses/libjpeg-turbo/LICENSE.md',
    'prebuilds/licenses/libjpeg-turbo/README.ijg',
    'prebuilds/licenses/libpng/LICENSE',
    'prebuilds/licenses/libstdc++/COPYRIGHT',
    'prebuilds/licenses/libstdc++/GPL-3',
    'prebuilds/licenses/zlib-ng/LICENSE.md',
    'prebuilds/linux-x64/bigtransfer-gloo.so',
    'prebuilds/linux-x64/bigtransfer-torch2.13.so',
    'prebuilds/linux-x64/bigtransfer-torch2.14.so',
    'prebuilds/linux-x64/bigtransfer.glibc.node',
  ]);
  expect(below('models')).toEqual(
    [
      'README.md',
      'accuracy.json',
      'config.json',
      'model.safetensors',
      'preprocessor_config.json',
    ].map((name) => `models/bit-mini-scenes/${name}`),
  );
  expect(below('scripts')).toEqual(['scripts/build-native.js']);
  const tracked = (folder: string) =>
    execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', folder], {
      cwd: ROOT,
      encoding: 'utf8',
    })
      .trim()
      .split('\n')
      .sort();
  // Not at the root, where npm would run node-gyp.
  expect(below('native')).toEqual([...tracked('native'), 'native/binding.gyp'].sort());
  expect(below('cmake')).toEqual(tracked('cmake'));
  // A source has its code and its types, and nothing else lies there.
  const compiled = tracked('lib').flatMap((file) => {
    const [, base, m] = /^lib\/(.*)\.(m?)ts$/.exec(file) as unknown as string[];
    return [`dist/${base}.${m}js`, `dist/${base}.d.${m}ts`];
  });
  expect(below('dist')).toEqual(compiled.sort());
  expect(main.bytes).toBeLessThan(10e6);
});

test('its manifest asks for nothing that builds, and for the other packages where they run', () => {
  const manifest = JSON.parse(readFileSync(join(main.folder, 'package.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  expect(manifest['scripts']).toBeUndefined();
  expect(manifest['devDependencies']).toBeUndefined();
  expect(manifest['gypfile']).toBe(false);
  expect(manifest['optionalDependencies']).toEqual({
    '@bigtransfer/cuda-linux-x64': manifest['version'],
    '@bigtransfer/libtorch-linux-x64': '2.13.0',
  });
  for (const { folder } of [libtorch, cuda]) {
    const other = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as object;
    expect(other).toMatchObject({
      os: ['linux'],
      cpu: ['x64'],
      libc: ['glibc'],
      preferUnplugged: true,
    });
  }
});

test('libtorch: four libraries, its version and its licences', () => {
  const others = libtorch.files.filter((file) => !file.startsWith('licenses/'));
  expect(others).toEqual([
    'README.md',
    'build-version',
    'index.js',
    'lib/libc10.so',
    'lib/libgomp.so.1',
    'lib/libtorch.so',
    'lib/libtorch_cpu.so',
    'package.json',
  ]);
  for (const licence of ['pytorch/LICENSE', 'libgomp/COPYRIGHT', 'libgomp/GPL-3'])
    expect(libtorch.files).toContain(`licenses/${licence}`);
  expect(libtorch.bytes).toBeLessThan(200e6);
});

test('what the packages beside the main one name is there', () => {
  for (const { folder } of [libtorch, cuda]) {
    const named = jest.requireActual<{ directory: string; libraries: string[] }>(folder);
    expect(named.directory).toBe(folder);
    const libraries = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.so(\.\d+)?$/.test(file))
      .map((file) => join(folder, file));
    expect([...named.libraries].sort()).toEqual(libraries.sort());
  }
});

test('the library for GPUs', () => {
  expect(cuda.files).toEqual([
    'LICENSE',
    'README.md',
    'bigtransfer-cuda-torch2.14.so',
    'bigtransfer-nccl.so',
    'index.js',
    'package.json',
  ]);
});

const binaries = (of: (typeof main)[]) =>
  of.flatMap(({ folder, files }) =>
    files
      .filter((file) => /\.(node|so(\.\d+)?)$/.test(file))
      .map((file): [string, string] => [file, join(folder, file)]),
  );
const [core] = binaries([main]).find(([name]) => name.includes('torch2.13')) as [string, string];

test.each(binaries([main, cuda]))(
  '%s runs since Debian 11 and names no folder of its maker',
  (_, file) => {
    expect(problemsOf(file, [ROOT, '/root/', '/home/', '/tmp/'])).toEqual([]);
  },
);

// PyTorch's makers have left names of theirs in it.
test.each(binaries([libtorch]))('%s runs since Debian 11', (_, file) => {
  expect(problemsOf(file, [ROOT])).toEqual([]);
});

test('the check itself notices what it is for', () => {
  const file = join(main.folder, core);
  expect(Object.keys(symbolVersions(file)).sort()).toEqual(['CXXABI', 'GLIBC', 'GLIBCXX']);
  expect(dynamicSection(file).needed).toContain('libtorch_cpu.so');
  // Built here, by a plain compiler, with a path in it.
  const source = join(unpacked, 'plain.c');
  writeFileSync(
    source,
    '#include <pthread.h>\nconst char *where = __FILE__;\nvoid *f(void) { return (void *)pthread_create; }\n',
  );
  const plain = join(unpacked, 'plain.so');
  const options = ['-shared', '-fPIC', '-Wl,-rpath,/opt/lib', source, '-o', plain];
  execFileSync('gcc', options);
  const problems = problemsOf(plain, [unpacked]).join('\n');
  expect(problems).toContain('looks for libraries in /opt/lib');
  expect(problems).toContain('is not stripped');
  expect(problems).toContain(`contains the path ${unpacked}`);
});
