import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type FetchProgress,
  fetchLibtorch,
  findLibtorch,
  removeLibtorch,
} from '../../lib/libtorch';
import { familySync } from 'detect-libc';
import {
  type Site,
  fakeWheel,
  libtorchFiles,
  serve,
  sha256,
  stubPython,
  writeTree,
  zip,
} from './fake';

jest.mock('detect-libc', () => {
  const actual = jest.requireActual<typeof import('detect-libc')>('detect-libc');
  return { ...actual, familySync: jest.fn(actual.familySync) };
});

const supported = process.platform === 'linux' && process.arch === 'x64' ? describe : describe.skip;
const PINNED_FILE = 'torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl';
const wheel = fakeWheel();
const { familySync: realFamily } = jest.requireActual<typeof import('detect-libc')>('detect-libc');
const before = { ...process.env };
let home: string;
let root: string;
let site: Site | undefined;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'bit fetch '));
  root = join(home, 'cache', 'libtorch');
  process.env['BIGTRANSFER_CACHE'] = join(home, 'cache');
  process.env['BIGTRANSFER_LIBTORCH_SHA256'] = sha256(wheel);
  delete process.env['BIGTRANSFER_LIBTORCH'];
  delete process.env['BIGTRANSFER_LIBTORCH_URL'];
  const path = `${stubPython(join(home, 'bin'), 'echo ERROR: no such wheel; exit 1')}:/usr/bin:/bin`;
  process.env['PATH'] = path;
});

afterEach(async () => {
  jest.restoreAllMocks();
  await site?.close();
  site = undefined;
  process.env = { ...before };
  rmSync(home, { recursive: true, force: true });
});

const manifestOf = (dir: string) =>
  JSON.parse(readFileSync(join(dir, 'manifest.json'), 'utf8')) as object;

supported('fetchLibtorch', () => {
  test('downloads, checks and unpacks what is needed, and nothing else', async () => {
    site = await serve(wheel);
    const phases = new Set<string>();
    const dir = await fetchLibtorch({
      url: site.url,
      onProgress: ({ phase }) => phases.add(phase),
    });
    expect(dir).toBe(join(root, '2.13.0+cpu'));
    expect(readdirSync(dir).sort()).toEqual([
      'include',
      'lib',
      'manifest.json',
      'share',
      'version.py',
    ]);
    expect(readdirSync(join(dir, 'lib')).sort()).toEqual([
      'libc10.so',
      'libgomp.so.1',
      'libtorch_cpu.so',
    ]);
    expect(manifestOf(dir)).toEqual({
      version: '2.13.0+cpu',
      file: 'torch-2.13.0+cpu-tiny.whl',
      sha256: sha256(wheel),
      from: site.url,
      fetchedAt: expect.any(String) as string,
    });
    expect([...phases]).toEqual(['download', 'check', 'unpack']);
    expect(readdirSync(root)).toEqual(['2.13.0+cpu']); // no wheel, lock or temporary folder stays
    expect(findLibtorch({ needHeaders: true }).found?.source).toBe('cache');
  });

  test('what a killed process left is removed, and nothing that only looks like it', async () => {
    site = await serve(wheel);
    for (const name of ['.new-1', '.old-2', 'keep.new-3'])
      writeTree(join(root, name), { 'deeper/file': '' });
    await fetchLibtorch({ url: site.url });
    expect(readdirSync(root).sort()).toEqual(['2.13.0+cpu', 'keep.new-3']);
  });

  test('does nothing when it is there, unless forced', async () => {
    site = await serve(wheel);
    process.env['BIGTRANSFER_LIBTORCH_URL'] = site.url;
    const dir = await fetchLibtorch();
    expect(await fetchLibtorch()).toBe(dir);
    expect(site.ranges).toHaveLength(1);
    await fetchLibtorch({ force: true });
    expect(site.ranges).toHaveLength(2);
  });

  test('fetches anew where the copy came from a wheel with another hash', async () => {
    site = await serve(wheel);
    const dir = await fetchLibtorch({ url: site.url });
    const path = join(dir, 'manifest.json');
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(path, JSON.stringify({ ...manifest, sha256: '0'.repeat(64) }));
    await fetchLibtorch({ url: site.url });
    expect(site.ranges).toHaveLength(2);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
      ...manifest,
      fetchedAt: expect.any(String) as string,
    });
  });

  test('two at once download once', async () => {
    site = await serve(wheel);
    const { url } = site;
    const [a, b] = await Promise.all([fetchLibtorch({ url }), fetchLibtorch({ url })]);
    expect(a).toBe(b);
    expect(site.ranges).toHaveLength(1);
  });

  test('continues after a cut connection', async () => {
    site = await serve(wheel, (response, count) => {
      if (count > 1) return false;
      response.writeHead(200, { 'content-length': wheel.length });
      response.write(wheel.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 50));
      return true;
    });
    await fetchLibtorch({ url: site.url });
    expect(site.ranges).toEqual(['', 'bytes=100000-']);
  });

  test('continues what an earlier call left, even when that was all of it', async () => {
    site = await serve(wheel);
    await fetchLibtorch({ url: site.url });
    for (const kept of [200_000, wheel.length]) {
      writeFileSync(join(root, 'torch-2.13.0+cpu-tiny.whl.part'), wheel.subarray(0, kept));
      await fetchLibtorch({ url: site.url, force: true });
      expect(site.ranges.at(-1)).toBe(`bytes=${kept}-`);
    }
  });

  test('starts over when what was left is not the start of the file', async () => {
    site = await serve(wheel);
    await fetchLibtorch({ url: site.url });
    writeFileSync(join(root, 'torch-2.13.0+cpu-tiny.whl.part'), 'something else');
    await fetchLibtorch({ url: site.url, force: true });
    expect(site.ranges).toEqual(['', 'bytes=14-', '']);
  });

  test.each([
    ['musl', { libc: 'musl' }, /no libtorch to fetch for linux-x64 with musl: /],
    ['glibc', { libc: 'glibc' }, /SHA-256 is/],
    ['an unknown libc', { libc: null }, /SHA-256 is/],
    ['another processor', { libc: 'glibc', arch: 'arm64' }, /to fetch for linux-arm64: /],
    ['another platform', { libc: null, platform: 'darwin' }, /to fetch for darwin-x64: /],
  ])('a system of %s', async (_, { libc, ...other }, words) => {
    jest.mocked(familySync).mockReturnValue(libc);
    const here = { platform: process.platform, arch: process.arch };
    site = await serve(Buffer.from('no wheel'));
    setMachine(other);
    try {
      await expect(fetchLibtorch({ url: site.url })).rejects.toThrow(words);
      const isRefused = !words.source.startsWith('SHA');
      if (isRefused) await expect(fetchLibtorch({ cuda: true })).rejects.toThrow(words);
      expect(site.ranges).toHaveLength(isRefused ? 0 : 1);
    } finally {
      setMachine(here);
      jest.mocked(familySync).mockImplementation(realFamily);
    }
  });

  test('a file with another hash is never unpacked', async () => {
    site = await serve(fakeWheel('2.13.0+evil'));
    await expect(fetchLibtorch({ url: site.url })).rejects.toMatchObject({
      code: 'ERR_BIT_LIBTORCH',
      message: expect.stringMatching(/SHA-256 is .* instead of[^]*no such wheel[^]*libtorch fetch/),
    });
    expect(readdirSync(root)).toEqual([]);
  });

  test('the pinned wheel is known by its size before it is hashed', async () => {
    delete process.env['BIGTRANSFER_LIBTORCH_SHA256'];
    site = await serve(wheel);
    const phases: FetchProgress[] = [];
    const onProgress = (progress: FetchProgress) => phases.push(progress);
    await expect(fetchLibtorch({ url: site.url, onProgress })).rejects.toThrow(
      `the file has ${wheel.length} bytes instead of 191794682`,
    );
    expect(phases.filter(({ phase }) => phase === 'check')).toEqual([
      { phase: 'check', loaded: 0, total: wheel.length },
    ]);
  });

  test('falls back to pip, whose wheel is checked too', async () => {
    site = await serve(wheel, (response) => {
      response.writeHead(404).end();
      return true;
    });
    const kept = join(home, 'kept.whl');
    writeFileSync(kept, wheel);
    stubPython(join(home, 'bin'), `cp '${kept}' "$last/${PINNED_FILE}"`);
    const seen: FetchProgress[] = [];
    const dir = await fetchLibtorch({
      url: site.url,
      onProgress: (progress) => seen.push(progress),
    });
    expect(site.ranges).toHaveLength(1); // 404 stays 404
    expect(seen[0]).toEqual({ phase: 'pip', loaded: 0, total: null });
    expect(manifestOf(dir)).toMatchObject({ from: 'pip', file: PINNED_FILE });

    writeFileSync(kept, fakeWheel('2.13.0+evil'));
    const again = fetchLibtorch({ url: site.url, force: true });
    await expect(again).rejects.toThrow(/404[^]*pip download: the file's SHA-256/);
    expect(existsSync(dir)).toBe(true); // the copy that was there stays
  });

  test('a server that is not there is noticed at once', async () => {
    site = await serve(wheel);
    const { url } = site;
    await site.close();
    const start = Date.now();
    await expect(fetchLibtorch({ url })).rejects.toThrow(/ECONNREFUSED[^]*no such wheel/);
    expect(Date.now() - start).toBeLessThan(3000);
  });

  test('a wheel without headers cannot be used', async () => {
    const names = Object.entries(libtorchFiles('2.13.0+cpu')).map(([name, text]) => [
      `torch/${name}`,
      text,
    ]);
    const bare = zip(Object.fromEntries(names.filter(([name]) => !/include/.test(name as string))));
    process.env['BIGTRANSFER_LIBTORCH_SHA256'] = sha256(bare);
    site = await serve(bare);
    await expect(fetchLibtorch({ url: site.url })).rejects.toMatchObject({
      code: 'ERR_BIT_LIBTORCH',
      message: expect.stringMatching(
        /tiny\.whl cannot be used: it has no include\/ATen\/ATen\.h/,
      ) as string,
    });
    expect(readdirSync(root)).toEqual([]);
  });

  test('names that climb out of the folder are refused', async () => {
    const bad = fakeWheel('2.13.0+cpu', { 'torch/include/../../../evil.h': 'x' });
    process.env['BIGTRANSFER_LIBTORCH_SHA256'] = sha256(bad);
    site = await serve(bad);
    await expect(fetchLibtorch({ url: site.url })).rejects.toMatchObject({
      code: 'ERR_BIT_LIBTORCH',
    });
    expect(readdirSync(root)).toEqual([]);
  });

  test('a password in the URL is not told', async () => {
    site = await serve(wheel);
    const url = site.url.replace('//', '//me:hush@');
    const failure = await fetchLibtorch({ url }).catch((error: Error) => error.message);
    expect(failure).toContain(`  ${site.url.replace('//', '//…@')}: `);
    expect(failure).not.toContain('hush');
  });

  test("nor any in pip's words, wherever they stand", async () => {
    site = await serve(wheel, (response) => {
      response.writeHead(404).end();
      return true;
    });
    const told = (secret: string) =>
      `ERROR: no route (https://${secret}@host/simple) by socks5://${secret}@host or ` +
      `socks5h://${secret}@host: x://${secret}@host`;
    process.env['PATH'] = stubPython(join(home, 'bin'), `echo '${told('me:hush')}'; exit 1`);
    const failure = await fetchLibtorch({ url: site.url }).catch((error: Error) => error.message);
    expect(failure).toContain(`pip download: ${told('…')}\n`);
  });

  test('aborting rejects with the reason and keeps what was downloaded', async () => {
    site = await serve(wheel, (response) => {
      response.writeHead(200, { 'content-length': wheel.length });
      response.write(wheel.subarray(0, 100_000));
      return true; // and then nothing more comes
    });
    const controller = new AbortController();
    const onProgress = ({ loaded }: FetchProgress) => {
      if (loaded >= 100_000) setTimeout(() => controller.abort(new Error('enough')), 50);
    };
    const fetching = fetchLibtorch({ url: site.url, signal: controller.signal, onProgress });
    await expect(fetching).rejects.toThrow('enough');
    expect(readdirSync(root)).toEqual(['torch-2.13.0+cpu-tiny.whl.part']);
  });

  test('a lock whose owner died holds nobody up', async () => {
    site = await serve(wheel);
    await fetchLibtorch({ url: site.url });
    writeFileSync(join(root, 'fetch.lock'), `999999999 ${hostname()}`);
    await fetchLibtorch({ url: site.url, force: true });
  });
});

function setMachine(values: { platform?: string; arch?: string }): void {
  for (const [name, value] of Object.entries(values))
    Object.defineProperty(process, name, { value });
}

supported('removeLibtorch', () => {
  test('removes the copies and says so', async () => {
    expect(await removeLibtorch()).toEqual({ removed: [], bytes: 0 });
    expect(existsSync(root)).toBe(false); // nor is a cache made for it
    site = await serve(wheel);
    const dir = await fetchLibtorch({ url: site.url });
    const { removed, bytes } = await removeLibtorch();
    expect(removed).toEqual([dir]);
    expect(bytes).toBeGreaterThan(300_000);
    expect(readdirSync(root)).toEqual([]);
  });
});
