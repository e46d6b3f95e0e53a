// Where caches are when the environment says nothing of use, or something else than full paths.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { hubCacheDir } from '../lib/hub/environment';
import { libtorch } from '../lib';
import { expandHome, homeFolder } from '../lib/user_folders';
import { libtorchFiles, stubPython, writeTree } from './libtorch/fake';
import { runScript } from './support/child';
import { temporaryFolder } from './support/temporary';

const folder = temporaryFolder();
const before = { ...process.env };
const NAMES = ['BIGTRANSFER_CACHE', 'XDG_CACHE_HOME', 'HF_HOME', 'HF_HUB_CACHE'];
const NAMED = [...NAMES, 'HUGGINGFACE_HUB_CACHE', 'BIGTRANSFER_LIBTORCH'];

let warnings: jest.SpyInstance;
beforeEach(() => {
  for (const name of NAMED) delete process.env[name];
  warnings = jest.spyOn(process, 'emitWarning').mockImplementation();
});
afterEach(() => {
  process.env = { ...before };
  warnings.mockRestore();
});

const linux = process.platform === 'linux' ? describe : describe.skip;

linux('caches', () => {
  const home = homedir();
  const account = userInfo().homedir;

  test.each([
    ['BIGTRANSFER_CACHE', libtorch.cacheDir, ''],
    ['XDG_CACHE_HOME', libtorch.cacheDir, 'bigtransfer'],
    ['XDG_CACHE_HOME', hubCacheDir, 'huggingface/hub'],
    ['HF_HOME', hubCacheDir, 'hub'],
    ['HF_HUB_CACHE', hubCacheDir, ''],
    ['HUGGINGFACE_HUB_CACHE', hubCacheDir, ''],
  ])('%s of %p counts when it is a full path', (name, cache, below) => {
    process.env[name] = '/full/path';
    expect(cache()).toBe(join('/full/path', below));
    const usual = () => {
      process.env[name] = '';
      return cache();
    };
    const fallback = usual();
    expect(fallback.startsWith(homedir())).toBe(true);
    for (const relative of ['cache', './cache', '.', '../cache']) {
      process.env[name] = relative;
      expect(cache()).toBe(fallback);
    }
  });

  test.each([
    ['darwin', {}, join(home, 'Library', 'Caches', 'bigtransfer')],
    ['win32', { LOCALAPPDATA: '/local' }, join('/local', 'bigtransfer', 'Cache')],
    ['win32', { LOCALAPPDATA: '' }, join(home, 'AppData', 'Local', 'bigtransfer', 'Cache')],
  ])('on %s with %p', (platform, env, expected) => {
    const here = Object.getOwnPropertyDescriptor(process, 'platform') as PropertyDescriptor;
    Object.assign(process.env, env);
    try {
      Object.defineProperty(process, 'platform', { ...here, value: platform });
      expect(libtorch.cacheDir()).toBe(expected);
    } finally {
      Object.defineProperty(process, 'platform', here);
    }
  });

  test('what is ignored is told once', () => {
    jest.isolateModules(() => {
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- anew
      const { folderSetting } = require('../lib/user_folders') as {
        folderSetting(name: string): string | undefined;
      };
      process.env['XDG_CACHE_HOME'] = 'cache';
      expect(folderSetting('XDG_CACHE_HOME')).toBeUndefined();
      expect(folderSetting('XDG_CACHE_HOME')).toBeUndefined();
    });
    expect(warnings.mock.calls).toEqual([
      [
        expect.stringContaining("XDG_CACHE_HOME is ignored, since 'cache'"),
        { type: 'BitWarning', code: 'BIT_RELATIVE_PATH' },
      ],
    ]);
  });

  test.each(['', 'home', '.'])("HOME=%p stands for the account's home", async (HOME) => {
    const env = { HOME, XDG_CACHE_HOME: '', BIGTRANSFER_CACHE: '' };
    const script = 'print(bigtransfer.libtorch.cacheDir());';
    expect(await runScript(script, { env })).toBe(join(account, '.cache', 'bigtransfer'));
  });

  test('the home sign is expanded', () => {
    expect(expandHome('~/x')).toBe(join(homeFolder() as string, 'x'));
    process.env['HF_HOME'] = '~/models';
    expect(hubCacheDir()).toBe(join(homeFolder() as string, 'models', 'hub'));
  });

  test('no libraries come from the current folder', async () => {
    const here = mkdtempSync(join(tmpdir(), 'bit here '));
    for (const cache of ['.cache/bigtransfer', 'cache/bigtransfer', 'cache'])
      writeTree(join(here, cache, 'libtorch', '2.13.0+cpu'), {
        ...libtorchFiles('2.13.0+cpu'),
        'manifest.json': '{}',
      });
    mkdirSync(join(here, 'torch'));
    const script = `process.chdir(${JSON.stringify(here)});
      const { found, tried } = bigtransfer.libtorch.findLibtorch();
      print([found?.dir ?? '', ...tried.map(({ where }) => where)].join());`;
    const env = { BIGTRANSFER_CACHE: 'cache', XDG_CACHE_HOME: 'cache', BIGTRANSFER_LIBTORCH: '' };
    for (const HOME of ['', '.']) {
      const seen = await runScript<string>(script, { env: { ...env, HOME } });
      expect(seen).not.toContain(here);
      expect(seen).not.toMatch(/(^|,)\.?cache/);
    }
    rmSync(here, { recursive: true });
  });
});

describe('an account without a home', () => {
  /** What the modules do where the system names this as home, and the account's list that. */
  function withHomes<T>(home: string, account: () => string, work: (folders: Folders) => T): T {
    let result: T | undefined;
    jest.doMock('node:os', () => ({
      ...jest.requireActual<object>('node:os'),
      homedir: () => home,
      userInfo: () => ({ homedir: account() }),
    }));
    jest.isolateModules(() => {
      const folders = jest.requireActual<object>('../lib/user_folders');
      const environment = jest.requireActual<object>('../lib/hub/environment');
      result = work({ ...folders, ...environment } as Folders);
    });
    jest.dontMock('node:os');
    return result as T;
  }
  type Folders = typeof import('../lib/user_folders') & typeof import('../lib/hub/environment');
  const nobody = () => {
    throw new Error('no such user');
  };

  test.each([
    ['', () => ''],
    ['relative', () => './home'],
    ['', nobody],
  ])('has no folders but those that variables name: %p', (home, account) => {
    withHomes(home, account, ({ homeFolder, userCacheFolder, expandHome, hubCacheDir }) => {
      expect([homeFolder(), userCacheFolder(), expandHome('~/x')]).toEqual([null, null, '~/x']);
      expect(() => hubCacheDir()).toThrow(
        expect.objectContaining({
          code: 'ERR_BIT_CHECKPOINT',
          message: expect.stringMatching(/^There is no home folder .* or pass cacheDir$/) as string,
        }) as Error,
      );
      process.env['XDG_CACHE_HOME'] = '/caches';
      expect(userCacheFolder()).toBe('/caches');
      expect(hubCacheDir()).toBe('/caches/huggingface/hub');
    });
  });

  test("in the system's words may have one in the account's", () => {
    withHomes(
      '',
      () => '/home/me',
      ({ homeFolder, userCacheFolder }) => {
        expect([homeFolder(), userCacheFolder()]).toEqual(['/home/me', '/home/me/.cache']);
      },
    );
  });

  test.each([
    ['~', '/home/me'],
    ['~/x', '/home/me/x'],
    ['~\\x', '/home/me\\x'],
    ['~you/x', '~you/x'],
    ['/a/~/x', '/a/~/x'],
    ['', ''],
  ])('its sign is expanded at the start alone: %p', (path, expanded) => {
    expect(withHomes('/home/me', nobody, ({ expandHome }) => expandHome(path))).toBe(expanded);
  });
});

linux('a cached libtorch', () => {
  const cache = join(folder, 'cache');
  const elsewhere = join(folder, 'elsewhere');
  beforeEach(() => {
    process.env['BIGTRANSFER_CACHE'] = cache;
    process.env['PATH'] = stubPython(join(folder, 'bin'), 'exit 1');
  });

  test('may be a link to a folder', () => {
    writeTree(elsewhere, libtorchFiles('2.13.0+cpu'));
    mkdirSync(join(cache, 'libtorch'), { recursive: true });
    const link = join(cache, 'libtorch', '2.13.0+cpu');
    symlinkSync('/no/such/folder', link);
    expect(libtorch.findLibtorch().found).toBeNull();
    rmSync(link);
    symlinkSync(elsewhere, link);
    expect(libtorch.findLibtorch().found).toMatchObject({ dir: link, source: 'cache' });
  });

  test('that is not whole is named', () => {
    rmSync(cache, { recursive: true, force: true });
    const dir = writeTree(join(cache, 'libtorch', '2.13.0+cpu'), libtorchFiles('2.13.0+cpu'));
    const { found, tried } = libtorch.findLibtorch();
    expect(found).toBeNull();
    expect(tried).toContainEqual({
      source: 'cache',
      where: dir,
      why: expect.stringContaining('manifest.json') as string,
    });
  });
});
