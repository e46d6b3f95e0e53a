// Fetching libtorch for CUDA: many wheels, found through an index of packages, one copy made of them.
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type FetchProgress,
  fetchLibtorch,
  findLibtorch,
  removeLibtorch,
} from '../../lib/libtorch';
import * as extract from '../../lib/libtorch/extract';
import { fakeWheel, serve, sha256, stubPython, writeTree } from './fake';
import {
  ALL_BYTES,
  type Answer,
  BYTES,
  FILES,
  type Index,
  PROJECTS,
  dataOf,
  projectPage,
  serveIndex,
} from './fake_cuda';

jest.mock(
  '../../lib/libtorch/cuda_wheels',
  () => jest.requireActual('./fake_cuda') as typeof import('./fake_cuda'),
);

const supported = process.platform === 'linux' && process.arch === 'x64' ? describe : describe.skip;
const [TORCH, CUBLAS, CUFFT] = FILES;
/** Each is looked up when it is its turn. */
const ALL = PROJECTS.flatMap((project, i) => [project, FILES[i]]);
const before = { ...process.env };
let home: string;
let root: string;
let copy: string;
let index: Index;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'bit cuda '));
  root = join(home, 'cache', 'libtorch');
  copy = join(root, '2.14.1+cu130');
  process.env['BIGTRANSFER_CACHE'] = join(home, 'cache');
  for (const name of ['', '_URL', '_SHA256']) delete process.env[`BIGTRANSFER_LIBTORCH${name}`];
  const path = `${stubPython(join(home, 'bin'), 'echo ERROR: no such wheel; exit 1')}:/usr/bin:/bin`;
  process.env['PATH'] = path;
});

afterEach(async () => {
  jest.restoreAllMocks();
  await index.close();
  process.env = { ...before };
  rmSync(home, { recursive: true, force: true });
});

async function startIndex(answer?: Answer): Promise<void> {
  index = await serveIndex(answer);
  process.env['BIGTRANSFER_PYPI_URL'] = `${index.url}//`; // as somebody may write it
}

/** All files below a folder. */
function tree(dir: string): string[] {
  const names = readdirSync(dir, { recursive: true }) as string[];
  return names.filter((name) => statSync(join(dir, name)).isFile()).sort();
}

/** Sends the start of a file, and then nothing more. */
const half: (file: string, bytes: number) => Answer = (file, bytes) => (name, response) => {
  if (name !== file) return false;
  response.writeHead(200, { 'content-length': dataOf(file).length });
  response.write(dataOf(file).subarray(0, bytes));
  return true;
};

/** Fetches until somebody does not want to wait any more. */
async function fetchUntil(isEnough: (now: FetchProgress) => boolean): Promise<void> {
  const controller = new AbortController();
  const onProgress = (now: FetchProgress) => {
    if (isEnough(now)) setTimeout(() => controller.abort(new Error('enough')), 50);
  };
  const fetching = fetchLibtorch({ cuda: true, signal: controller.signal, onProgress });
  await expect(fetching).rejects.toThrow('enough');
}

supported('fetchLibtorch for CUDA', () => {
  test('finds the wheels through the index and unpacks them side by side', async () => {
    const accepted: unknown[] = [];
    await startIndex((name, _, { headers }) => {
      if (!name.endsWith('.whl')) accepted.push(headers.accept);
      return false;
    });
    const dir = await fetchLibtorch({ cuda: true });
    expect(index.asked()).toEqual(ALL);
    expect(accepted).toEqual(Array(3).fill('application/vnd.pypi.simple.v1+json'));
    expect(dir).toBe(join(copy, 'torch'));
    expect(tree(copy)).toEqual([
      'licenses/nvidia_cublas/License.txt',
      'licenses/nvidia_cufft/License.txt',
      'licenses/torch/LICENSE',
      'manifest.json',
      'nvidia/cu13/include/cublas.h',
      'nvidia/cu13/lib/libcublas.so.13',
      'nvidia/cu13/lib/libcufft.so.12',
      'torch/include/ATen/ATen.h',
      'torch/lib/libc10.so',
      'torch/lib/libgomp.so.1',
      'torch/lib/libtorch_cpu.so',
      'torch/lib/libtorch_cuda.so',
      'torch/share/cmake/Torch/TorchConfig.cmake',
      'torch/version.py',
    ]);
    const library = join(copy, 'nvidia/cu13/lib/libcufft.so.12');
    expect(readFileSync(library, 'utf8')).toBe('z'.repeat(150_000));
    expect(readdirSync(root)).toEqual(['2.14.1+cu130']); // no wheels, parts, lock or temporary folder
  });

  test('what it was made of is written down, and it is found as a CUDA build', async () => {
    await startIndex();
    const dir = await fetchLibtorch({ cuda: true });
    expect(JSON.parse(readFileSync(join(copy, 'manifest.json'), 'utf8'))).toEqual({
      version: '2.14.1+cu130',
      file: TORCH,
      sha256: sha256(dataOf(TORCH)),
      from: expect.stringContaining(index.origin) as string,
      fetchedAt: expect.any(String) as string,
    });
    const { found } = findLibtorch({ cuda: true, needHeaders: true });
    expect(found).toEqual({ dir, version: '2.14.1+cu130', source: 'cache', cuda: '13.0' });
  });

  test('when it is there nothing is asked for, unless forced', async () => {
    await startIndex();
    const dir = await fetchLibtorch({ cuda: true });
    index.asked();
    expect(await fetchLibtorch({ cuda: true })).toBe(dir);
    expect(index.asked()).toEqual([]);
    writeFileSync(join(copy, 'torch', 'stray'), '');
    expect(await fetchLibtorch({ cuda: true, force: true })).toBe(dir);
    expect(index.asked()).toEqual(ALL);
    expect(existsSync(join(copy, 'torch', 'stray'))).toBe(false); // it is another copy
    expect(readdirSync(root)).toEqual(['2.14.1+cu130']);
  });

  test('two at once fetch once', async () => {
    await startIndex();
    const [a, b] = await Promise.all([1, 2].map(() => fetchLibtorch({ cuda: true })));
    expect(a).toBe(b);
    expect(index.asked()).toEqual(ALL);
  });

  test('URLs of the index may be whole ones', async () => {
    await startIndex((name, response) => {
      if (name.endsWith('.whl')) return false;
      response.end(JSON.stringify(projectPage(name, `${index.origin}/elsewhere/`)));
      return true;
    });
    await fetchLibtorch({ cuda: true });
    expect(index.asked()).toEqual(ALL);
  });

  test('progress counts the bytes of all wheels', async () => {
    await startIndex();
    const seen: FetchProgress[] = [];
    await fetchLibtorch({ cuda: true, onProgress: (now) => seen.push(now) });
    const of = (phase: string) => seen.filter((now) => now.phase === phase);
    const ends = [BYTES[0], BYTES[0] + BYTES[1], ALL_BYTES];
    for (const phase of ['download', 'check']) {
      expect(new Set(of(phase).map(({ total }) => total))).toEqual(new Set([ALL_BYTES]));
      const loaded = of(phase).map((now) => now.loaded);
      expect(loaded).toEqual([...loaded].sort((a, b) => a - b));
      expect(loaded).toEqual(expect.arrayContaining(ends));
    }
    expect(of('pip')).toEqual([]);
    const unpacked = of('unpack').at(-1);
    expect(unpacked?.loaded).toBe(unpacked?.total);
    expect(seen.at(-1)).toBe(unpacked);
  });

  test('continues after a cut connection', async () => {
    let times = 0;
    await startIndex((name, response, request) => {
      if (name !== CUBLAS || ++times > 1) return false;
      half(CUBLAS, 100_000)(name, response, request);
      setTimeout(() => response.destroy(), 100);
      return true;
    });
    await fetchLibtorch({ cuda: true });
    const [project, last] = ['nvidia-cublas', CUFFT];
    const parts = [CUBLAS, `${CUBLAS} bytes=100000-`];
    expect(index.asked()).toEqual(['torch', TORCH, project, ...parts, 'nvidia-cufft', last]);
  });

  test('an interrupted fetch keeps what is there, and the next one asks for the rest', async () => {
    let isStuck = true;
    await startIndex((...request) => isStuck && half(CUBLAS, 100_000)(...request));
    await fetchUntil(({ loaded }) => loaded === BYTES[0] + 100_000);
    expect(tree(root)).toEqual([`${CUBLAS}.part`, `wheels/${TORCH}`]);
    index.asked();

    isStuck = false;
    const seen: FetchProgress[] = [];
    await fetchLibtorch({ cuda: true, onProgress: (now) => seen.push(now) });
    const rest = ['nvidia-cublas', `${CUBLAS} bytes=100000-`, 'nvidia-cufft', CUFFT];
    expect(index.asked()).toEqual(rest);
    expect(readdirSync(root)).toEqual(['2.14.1+cu130']);
    // What an earlier call has brought is checked again, and counts.
    expect(seen[0]).toEqual({ phase: 'check', loaded: 0, total: ALL_BYTES });
    expect(seen[1]).toEqual({ phase: 'check', loaded: BYTES[0], total: ALL_BYTES });
    expect(seen[2]).toMatchObject({ phase: 'download', loaded: BYTES[0] + 100_000 });
  });

  test('a wheel that has changed since is fetched anew', async () => {
    await startIndex();
    writeTree(join(root, 'wheels'), { [TORCH]: 'something else', [CUFFT]: '' });
    writeFileSync(join(root, 'wheels', CUFFT), dataOf(CUFFT));
    await fetchLibtorch({ cuda: true });
    expect(index.asked()).toEqual(['torch', TORCH, 'nvidia-cublas', CUBLAS]);
  });

  test('interrupted while it unpacks, it has nothing to ask for the next time', async () => {
    await startIndex();
    const unpack = extract.extractWheels;
    jest.spyOn(extract, 'extractWheels').mockImplementationOnce(async (...args) => {
      await unpack(...args);
      await new Promise((resolve) => setTimeout(resolve, 200));
      args[3]?.signal?.throwIfAborted();
    });
    await fetchUntil(({ phase }) => phase === 'unpack');
    expect(tree(root)).toEqual([...FILES].map((file) => `wheels/${file}`).sort());
    index.asked();
    await fetchLibtorch({ cuda: true });
    expect(index.asked()).toEqual([]);
    const { from } = JSON.parse(readFileSync(join(copy, 'manifest.json'), 'utf8')) as Manifest;
    expect(from).not.toBe('');
  });

  test.each([
    [
      'a full disk',
      { code: 'ENOSPC', syscall: 'write' },
      [...FILES].sort(),
      /Set BIGTRANSFER_CACHE to/,
    ],
    ['a wheel that cannot be read', { code: 'Z_DATA_ERROR' }, null, /When the connection is back/],
  ])('%s: the wheels that are kept, and what to do', async (_, error, kept, advice) => {
    await startIndex();
    const reason = Object.assign(new Error('some fault'), error);
    jest.spyOn(extract, 'extractWheels').mockRejectedValueOnce(reason);
    const failed = await fetchLibtorch({ cuda: true }).catch((thrown: Error) => thrown.message);
    expect(failed).toContain('some fault');
    expect(failed).toMatch(advice);
    expect(existsSync(copy)).toBe(false);
    expect(readdirSync(root)).toEqual(kept === null ? [] : ['wheels']);
    if (kept) expect(readdirSync(join(root, 'wheels')).sort()).toEqual(kept);
  });

  test("fetching the CPU's in between loses nothing of what is there", async () => {
    let isStuck = true;
    await startIndex((...request) => isStuck && half(CUBLAS, 100_000)(...request));
    await fetchUntil(({ loaded }) => loaded === BYTES[0] + 100_000);
    const wheel = fakeWheel();
    process.env['BIGTRANSFER_LIBTORCH_SHA256'] = sha256(wheel);
    const site = await serve(wheel);
    await fetchLibtorch({ url: site.url });
    await site.close();
    expect(readdirSync(root).sort()).toEqual(['2.13.0+cpu', `${CUBLAS}.part`, 'wheels']);
    expect(readdirSync(join(root, 'wheels'))).toEqual([TORCH]);
    isStuck = false;
    index.asked();
    await fetchLibtorch({ cuda: true });
    expect(index.asked()).not.toContain('torch');
    expect(readdirSync(root).sort()).toEqual(['2.13.0+cpu', '2.14.1+cu130']);
  });

  test('removeLibtorch removes the copy, and what an interrupted fetch has left', async () => {
    await startIndex();
    await fetchLibtorch({ cuda: true });
    writeTree(join(root, 'wheels'), { [CUFFT]: 'cufft' });
    const { removed, bytes } = await removeLibtorch();
    expect(removed.sort()).toEqual([copy, join(root, 'wheels')]);
    expect(bytes).toBeGreaterThan(650_000);
    expect(readdirSync(root)).toEqual([]);
  });
});

interface Manifest {
  from: string;
}
