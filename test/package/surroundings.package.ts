// Where the package may come to lie, and what the system around it may lack.
import {
  chmodSync,
  cpSync,
  existsSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { LABEL, Room, asCommonJs, readmeLines } from './room';

const room = new Room({ name: 'a räum with späces 空' });
const modules = join(room.folder, 'node_modules');
const LINES = asCommonJs(readmeLines());

beforeAll(() => room.install('bigtransfer'));
beforeEach(() => void room.write('lines.cjs', LINES));

test('a path with spaces and letters of any script', async () => {
  expect(await room.node('lines.cjs')).toMatch(LABEL);
});

test('every binary finds what it needs', () => {
  const libtorch = join(modules, '@bigtransfer', 'libtorch-linux-x64', 'lib');
  const prebuilds = join(modules, 'bigtransfer', 'prebuilds', 'linux-x64');
  const files = [libtorch, prebuilds].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /\.(node|so(\.\d+)?)$/.test(name))
      .map((name) => join(folder, name)),
  );
  expect(files).toHaveLength(4 + 3);
  for (const file of files) {
    // As the loader opens them: with libtorch's own libraries there already.
    const env = { PATH: process.env['PATH'], LD_LIBRARY_PATH: libtorch };
    const told = execFileSync('ldd', [file], { encoding: 'utf8', env });
    expect(told).not.toMatch(/not found/);
  }
});

test('worker threads', async () => {
  room.write(
    'workers.cjs',
    `const { Worker, isMainThread } = require('node:worker_threads');
     if (isMainThread) for (let i = 0; i < 3; i++) new Worker(__filename);
     else { ${LINES} }`,
  );
  expect((await room.node('workers.cjs')).match(new RegExp(LABEL, 'gm'))).toHaveLength(3);
});

test('two versions side by side in one process', async () => {
  const older = join(room.folder, 'older', 'node_modules', 'bigtransfer');
  cpSync(join(modules, 'bigtransfer'), older, { recursive: true });
  const manifest = join(older, 'package.json');
  const text = readFileSync(manifest, 'utf8');
  writeFileSync(manifest, text.replace(/"version": "[^"]+"/, '"version": "0.0.9"'));
  room.write(
    'older/lines.cjs',
    LINES.replace("'boat.jpg'", "require('path').join(__dirname, '../boat.jpg')"),
  );
  room.write('both.cjs', `require('./older/lines.cjs'); ${LINES}`);
  expect((await room.node('both.cjs')).match(new RegExp(LABEL, 'gm'))).toHaveLength(2);
  rmSync(join(room.folder, 'older'), { recursive: true });
});

test('two copies, each with a libtorch of its own: the process has one of them', async () => {
  const other = join(room.folder, 'another', 'node_modules');
  for (const name of ['bigtransfer', '@bigtransfer'])
    cpSync(join(modules, name), join(other, name), { recursive: true });
  const lines = LINES.replace("'boat.jpg'", "require('path').join(__dirname, '../boat.jpg')");
  room.write('another/lines.cjs', lines);
  room.write('both.cjs', `require('./another/lines.cjs'); ${LINES}`);
  expect((await room.node('both.cjs')).match(new RegExp(LABEL, 'gm'))).toHaveLength(2);
  rmSync(join(room.folder, 'another'), { recursive: true });
});

/** Who may write nothing here; root would be let in everywhere. */
const NOBODY = { uid: 65534, gid: 65534 };

test('a node_modules that may not be written to, and no home', async () => {
  const asNobody = process.getuid?.() === 0 ? NOBODY : {};
  const folders = [modules, join(modules, 'bigtransfer')];
  for (const folder of folders) chmodSync(folder, 0o555);
  try {
    const env = { HOME: undefined };
    expect(await room.must(join(room.bin, 'node'), ['lines.cjs'], env, asNobody)).toMatch(LABEL);
  } finally {
    for (const folder of folders) chmodSync(folder, 0o755);
  }
});

test('a relative XDG_CACHE_HOME is ignored', async () => {
  const { stdout, stderr } = await room.run(
    join(modules, '.bin', 'bigtransfer'),
    ['doctor', '--json'],
    { XDG_CACHE_HOME: 'here' },
  );
  expect(stderr).toContain('XDG_CACHE_HOME is ignored');
  const { caches } = JSON.parse(stdout) as { caches: { path: string }[] };
  for (const { path } of caches) expect(path.startsWith(join(room.home, '.cache'))).toBe(true);
  expect(existsSync(join(room.folder, 'here'))).toBe(false);
});

test('importing loads neither libtorch nor sharp nor what the hub and archives take', async () => {
  room.write(
    'import.cjs',
    `require('bigtransfer');
     const maps = require('node:fs').readFileSync('/proc/self/maps', 'utf8');
     const packages = Object.keys(require.cache).filter((file) => file !== __filename).map((file) => /.*node_modules.((?:@[^/]+.)?[^/]+)/.exec(file)[1]);
     console.log(JSON.stringify({ libraries: /libtorch|sharp|\\.node$/m.exec(maps), packages: [...new Set(packages)] }));`,
  );
  expect(JSON.parse(await room.node('import.cjs'))).toEqual({
    libraries: null,
    packages: ['bigtransfer', 'detect-libc', 'yauzl', 'pend'],
  });
});

describe('what is broken is named', () => {
  const told = async (env: Record<string, string> = {}) => {
    room.write(
      'told.cjs',
      `require('bigtransfer').pipeline('image-classification').then(() => console.log('loads'),
         ({ code, message }) => console.log(code, message));`,
    );
    return room.must(join(room.bin, 'node'), ['told.cjs'], env);
  };
  const libtorch = join(modules, '@bigtransfer', 'libtorch-linux-x64');
  const package_ = join(modules, 'bigtransfer');

  test('a libtorch of another version', async () => {
    const file = join(libtorch, 'build-version');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, '2.12.0+cpu\n');
    expect(await told()).toMatch(
      /ERR_BIT_LIBTORCH.*it is 2\.12\.0\+cpu, and 2\.13 or 2\.14 is needed/s,
    );
    writeFileSync(file, text);
  });

  test('a library that does not open', async () => {
    const file = join(libtorch, 'lib', 'libc10.so');
    renameSync(file, `${file}.kept`);
    writeFileSync(file, 'not a library');
    expect(await told()).toMatch(
      /ERR_BIT_LIBTORCH.*libc10\.so.*(invalid ELF header|file too short)/s,
    );
    renameSync(`${file}.kept`, file);
  });

  test.each([
    [
      'libtorch',
      join(libtorch, 'lib', 'libtorch_cpu.so'),
      /libtorch_cpu\.so is damaged.*npm install/s,
    ],
    [
      'a core',
      join(package_, 'prebuilds', 'linux-x64', 'bigtransfer-torch2.13.so'),
      /is damaged.*Install/s,
    ],
  ])('%s that was cut short', async (_, file, words) => {
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.subarray(0, bytes.length - 400_000));
    expect(await told()).toMatch(words);
    writeFileSync(file, bytes);
  });

  test('an addon that is missing', async () => {
    renameSync(join(package_, 'prebuilds'), join(package_, 'kept'));
    expect(await told()).toMatch(/no native addon for linux-x64 in .*Install bigtransfer again/s);
    // BIGTRANSFER_PREBUILD takes the place of the package's own.
    cpSync(join(package_, 'kept'), join(room.folder, 'elsewhere', 'prebuilds'), {
      recursive: true,
    });
    const env = { BIGTRANSFER_PREBUILD: join(room.folder, 'elsewhere') };
    expect(await told(env)).toBe('loads\n');
    expect(await told({ BIGTRANSFER_PREBUILD: '/no/such' })).toMatch(
      /\/no\/such, which BIGTRANSFER_PREBUILD names/,
    );
    renameSync(join(package_, 'kept'), join(package_, 'prebuilds'));
    expect(await told()).toBe('loads\n');
  });
});
