import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Progress } from '../../lib/cli/progress';
import type { FetchOptions } from '../../lib/libtorch';
import * as fetching from '../../lib/libtorch/fetch';
import { type Site, fakeWheel, serve, sha256, stubPython } from '../libtorch/fake';
import { serveIndex } from '../libtorch/fake_cuda';
import { bigtransfer } from './run';

jest.mock(
  '../../lib/libtorch/cuda_wheels',
  () => jest.requireActual('../libtorch/fake_cuda') as typeof import('../libtorch/fake_cuda'),
);

const supported = process.platform === 'linux' && process.arch === 'x64' ? describe : describe.skip;
const wheel = fakeWheel();
let home: string;
let site: Site;
let env: Record<string, string>;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'bit cli '));
  site = await serve(wheel);
  env = {
    BIGTRANSFER_CACHE: home,
    BIGTRANSFER_LIBTORCH: '',
    BIGTRANSFER_LIBTORCH_URL: site.url,
    BIGTRANSFER_LIBTORCH_SHA256: sha256(wheel),
    PATH: stubPython(join(home, 'bin'), 'exit 1'),
  };
});

afterEach(async () => {
  await site.close();
  rmSync(home, { recursive: true, force: true });
});

supported('bigtransfer libtorch', () => {
  test('fetches, finds and removes', async () => {
    const dir = join(home, 'libtorch', '2.13.0+cpu');
    const none = await bigtransfer(['libtorch', 'where'], { env });
    expect(none.code).toBe(1);
    expect(none.stderr).toMatch(
      /^error: No libtorch[^]*npx bigtransfer libtorch fetch[^]*code: ERR_BIT_LIBTORCH/,
    );

    const fetched = await bigtransfer(['libtorch', 'fetch'], { env });
    expect(fetched).toEqual({
      code: 0,
      stdout: `${dir}\n`,
      stderr: 'downloading ...\nchecking ...\nunpacking ...\n',
    });
    const where = await bigtransfer(['libtorch', 'where'], { env });
    expect(where.stdout).toMatch(
      /^path +.*2\.13\.0\+cpu\nversion +2\.13\.0\+cpu\nsource +cache\nCUDA +none\n/,
    );
    const json = JSON.parse(
      (await bigtransfer(['libtorch', 'where', '--json'], { env })).stdout,
    ) as object;
    expect(json).toMatchObject({
      found: { dir, version: '2.13.0+cpu', source: 'cache', cuda: null },
    });

    const removed = await bigtransfer(['libtorch', 'remove'], { env });
    expect(removed.stdout).toMatch(/2\.13\.0\+cpu\nFreed \d+ KB\n$/);
    expect(existsSync(dir)).toBe(false);
    expect((await bigtransfer(['libtorch', 'remove'], { env })).stdout).toMatch(
      /^There is nothing to remove/,
    );
  });

  test('fetch --cuda brings the build for GPUs, beside the other one', async () => {
    const index = await serveIndex();
    const cuda = { ...env, BIGTRANSFER_PYPI_URL: index.url };
    const dir = join(home, 'libtorch', '2.14.1+cu130', 'torch');
    const fetched = await bigtransfer(['libtorch', 'fetch', '--cuda'], { env: cuda });
    expect(fetched).toMatchObject({ code: 0, stdout: `${dir}\n` });
    const told = new Set(fetched.stderr.trim().split('\n'));
    expect([...told]).toEqual(['downloading ...', 'checking ...', 'unpacking ...']);
    expect(site.ranges).toEqual([]); // nothing of the CPU's

    index.asked();
    expect((await bigtransfer(['libtorch', 'fetch', '--cuda'], { env: cuda })).stderr).toBe('');
    expect(index.asked()).toEqual([]);
    await bigtransfer(['libtorch', 'fetch', '--cuda', '--force'], { env: cuda });
    expect(index.asked()).toHaveLength(6);
    const where = await bigtransfer(['libtorch', 'where'], { env: cuda });
    expect(where.stdout).toMatch(/^path +.*\/torch\nversion +2\.14\.1\+cu130\n.*\nCUDA +13\.0\n/);

    const removed = await bigtransfer(['libtorch', 'remove'], { env: cuda });
    expect(removed.stdout).toMatch(/2\.14\.1\+cu130\nFreed \d+ KB\n$/);
    await index.close();
    const failed = await bigtransfer(['libtorch', 'fetch', '--cuda'], { env: cuda });
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('run `npx bigtransfer libtorch fetch --cuda` again');
  });

  describe('the bar of fetch', () => {
    type Event = Parameters<NonNullable<FetchOptions['onProgress']>>[0];
    let log: unknown[][];
    beforeEach(() => {
      log = [];
      for (const name of ['update', 'stop'] as const)
        jest
          .spyOn(Progress.prototype, name)
          .mockImplementation((...words: unknown[]) => void log.push([name, ...words]));
    });
    afterEach(() => jest.restoreAllMocks());

    /** Runs it where fetching tells of these events, and then does this. */
    function fetchTelling(events: Event[], end: () => Promise<string>) {
      jest.spyOn(fetching, 'fetchLibtorch').mockImplementation(({ onProgress } = {}) => {
        events.forEach((event) => onProgress?.(event));
        return end();
      });
      return bigtransfer(['libtorch', 'fetch'], { env });
    }

    test('is drawn anew for each phase, and gone before the folder is told', async () => {
      const { code, stdout, stderr } = await fetchTelling(
        [
          { phase: 'download', loaded: 0, total: 4000 },
          { phase: 'download', loaded: 4000, total: 4000 },
          { phase: 'pip', loaded: 0, total: null },
          { phase: 'download', loaded: 20, total: 999 },
          { phase: 'check', loaded: 0, total: 999 },
        ],
        () => {
          log.push(['fetched']);
          return Promise.resolve('/the/folder');
        },
      );
      expect([code, stdout]).toEqual([0, '/the/folder\n']);
      expect(stderr).toBe('downloading ...\nasking pip ...\nchecking ...\n');
      expect(log.slice(0, 10)).toEqual([
        ['stop'],
        ['update', 'downloading', 0, 4000, '0 B of 4.0 KB'],
        ['update', 'downloading', 4000, 4000, '4.0 KB of 4.0 KB'],
        ['stop'],
        ['update', 'asking pip', 0, 0, '0 B'],
        ['stop'],
        ['update', 'downloading', 20, 999, '20 B of 999 B'],
        ['stop'],
        ['update', 'checking', 0, 999, '0 B of 999 B'],
        ['fetched'],
      ]);
      expect(log[10]).toEqual(['stop']);
    });

    test('is gone where fetching fails', async () => {
      const { code } = await fetchTelling([{ phase: 'pip', loaded: 0, total: null }], () =>
        Promise.reject(new Error('no connection')),
      );
      expect(code).toBe(1);
      expect(log.at(-1)).toEqual(['stop']);
    });
  });

  test('Ctrl-C ends the wait of remove for a fetch under way, and nothing is removed', async () => {
    await bigtransfer(['libtorch', 'fetch'], { env });
    const lock = join(home, 'libtorch', 'fetch.lock');
    writeFileSync(lock, `${process.pid} ${hostname()}`);
    setTimeout(() => process.emit('SIGINT'), 50);
    // Who does not hear it would wait no longer than this, and then remove.
    const end = setTimeout(() => rmSync(lock), 3000);
    const removing = await bigtransfer(['libtorch', 'remove'], { env });
    clearTimeout(end);
    expect(removing).toEqual({ code: 130, stdout: '', stderr: '' });
    expect(existsSync(join(home, 'libtorch', '2.13.0+cpu'))).toBe(true);
  });

  test('the help says what is fetched, and how much of it', async () => {
    const { code, stdout } = await bigtransfer(['libtorch', 'fetch', '--help']);
    expect(code).toBe(0);
    const words = stdout.replace(/\s+/g, ' ');
    expect(words).toContain('Bring libtorch 2.13.0+cpu into the cache');
    expect(words).toContain(
      "--cuda libtorch 2.14.1+cu130 for NVIDIA GPUs and CUDA's libraries instead (2.7 GB)",
    );
    expect(words).toContain('--force even though it is there');
  });

  test('says what failed, and exits with 1', async () => {
    await site.close();
    const { code, stdout, stderr } = await bigtransfer(['libtorch', 'fetch'], { env });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      /could not be fetched\.\n.*ECONNREFUSED.*\n.*pip download: [^]*code: ERR_BIT_LIBTORCH\n$/,
    );
  });
});
