// Fetching libtorch for CUDA where sites, the index or the wheels themselves are not as they should be.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FetchProgress, fetchLibtorch } from '../../lib/libtorch';
import { stubPython, writeTree } from './fake';
import { ALL_BYTES, BYTES, type Answer, FILES, type Index, dataOf, serveIndex } from './fake_cuda';

jest.mock(
  '../../lib/libtorch/cuda_wheels',
  () => jest.requireActual('./fake_cuda') as typeof import('./fake_cuda'),
);

const supported = process.platform === 'linux' && process.arch === 'x64' ? describe : describe.skip;
const [TORCH, CUBLAS, CUFFT] = FILES;
const REQUIREMENTS = ['torch===2.14.1', 'nvidia-cublas===13.1.1.3', 'nvidia-cufft===12.0.0.61'];
const before = { ...process.env };
let home: string;
let root: string;
let copy: string;
let wheels: string;
let index: Index | undefined;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'bit cuda '));
  root = join(home, 'cache', 'libtorch');
  copy = join(root, '2.14.1+cu130');
  wheels = join(root, 'wheels');
  process.env['BIGTRANSFER_CACHE'] = join(home, 'cache');
  for (const name of ['', '_URL', '_SHA256']) delete process.env[`BIGTRANSFER_LIBTORCH${name}`];
  pip('echo ERROR: no such wheel; exit 1');
});

afterEach(async () => {
  await index?.close();
  index = undefined;
  process.env = { ...before };
  rmSync(home, { recursive: true, force: true });
});

async function startIndex(answer?: Answer): Promise<Index> {
  index = await serveIndex(answer);
  process.env['BIGTRANSFER_PYPI_URL'] = index.url;
  return index;
}

/** An index that has no such file, nor project. */
const nothing: Answer = (_, response) => {
  response.writeHead(404).end('<html>');
  return true;
};

/** Makes this the pip; each of its calls leaves its arguments. */
function pip(script: string): void {
  const bin = stubPython(join(home, 'bin'), `echo "$@" >> '${home}/calls'\n${script}`);
  process.env['PATH'] = `${bin}:/usr/bin:/bin`;
}

/** A pip that brings these files, under these names. */
function pipBringing(files: Record<string, Buffer>): void {
  const kept = join(home, 'kept');
  mkdirSync(kept);
  for (const [name, data] of Object.entries(files)) writeFileSync(join(kept, name), data);
  pip(`cp '${kept}'/* "$last"`);
}

/** What pip was asked for, call by call. */
function requirements(): string[][] {
  const lines = readFileSync(join(home, 'calls'), 'utf8').trim().split('\n');
  return lines.map((line) => line.split(' ').filter((word) => word.includes('==')));
}

const data = (...files: string[]) =>
  Object.fromEntries(files.map((file) => [file, dataOf(file)])) as Record<string, Buffer>;

/** As long as the wheel, and something else. */
const forged = (file: string) => Buffer.alloc(dataOf(file).length, 'x');

supported('a site that fails', () => {
  test('is not asked for each wheel: one call of pip brings all', async () => {
    const { asked } = await startIndex(nothing);
    pipBringing(data(...FILES));
    const seen: FetchProgress[] = [];
    const dir = await fetchLibtorch({ cuda: true, onProgress: (now) => seen.push(now) });
    expect(asked()).toEqual(['torch']);
    expect(requirements()).toEqual([REQUIREMENTS]);
    expect(dir).toBe(join(copy, 'torch'));
    expect(existsSync(join(copy, 'nvidia/cu13/lib/libcufft.so.12'))).toBe(true);
    expect(JSON.parse(readFileSync(join(copy, 'manifest.json'), 'utf8'))).toMatchObject({
      file: TORCH,
      from: 'pip',
    });
    expect(readdirSync(root)).toEqual(['2.14.1+cu130']);
    expect(seen[0]).toEqual({ phase: 'pip', loaded: 0, total: null });
    const checked = seen.filter(({ phase }) => phase === 'check');
    expect(checked.at(-1)).toEqual({ phase: 'check', loaded: ALL_BYTES, total: ALL_BYTES });
  });

  test('half-way: pip is asked for what is missing', async () => {
    const { asked } = await startIndex(
      (name, ...rest) => name === CUBLAS && nothing(name, ...rest),
    );
    pipBringing(data(CUBLAS, CUFFT));
    await fetchLibtorch({ cuda: true });
    expect(asked()).toEqual(['torch', TORCH, 'nvidia-cublas', CUBLAS]);
    expect(requirements()).toEqual([REQUIREMENTS.slice(1)]);
  });

  test("pip is told of all platforms that are in the files' names, once", async () => {
    await startIndex(nothing);
    await expect(fetchLibtorch({ cuda: true })).rejects.toThrow();
    const words = readFileSync(join(home, 'calls'), 'utf8').trim().split(' ');
    const platforms = words.filter((_, i) => words[i - 1] === '--platform');
    const tags = ['_2_28', '_2_27', '2014', '_2_17'].map((tag) => `manylinux${tag}_x86_64`);
    expect(platforms).toEqual(tags);
  });

  test('what an earlier call has brought is checked all the same', async () => {
    const { asked } = await startIndex(nothing);
    writeTree(wheels, { [CUBLAS]: 'the half of it' });
    writeFileSync(join(wheels, CUFFT), dataOf(CUFFT));
    pipBringing(data(TORCH, CUBLAS));
    await fetchLibtorch({ cuda: true });
    expect(asked()).toEqual(['torch']);
    expect(requirements()).toEqual([REQUIREMENTS.slice(0, 2)]);
    const library = readFileSync(join(copy, 'nvidia/cu13/lib/libcublas.so.13'), 'utf8');
    expect(library).toBe('y'.repeat(200_000));
  });
});

supported('pip, where it', () => {
  test.each([
    [
      'brings another file',
      { ...data(...FILES), [CUBLAS]: forged(CUBLAS) },
      /SHA-256 is/,
      [TORCH, CUFFT],
    ],
    [
      'brings a file of another size',
      { ...data(...FILES), [CUFFT]: Buffer.from('short') },
      new RegExp(`5 bytes instead of ${BYTES[2]}`),
      [TORCH, CUBLAS],
    ],
    ['brings too few', data(TORCH, CUBLAS), new RegExp(`it brought no ${CUFFT}`), [TORCH, CUBLAS]],
  ])('%s', async (_, files, words, kept) => {
    const { origin } = await startIndex(nothing);
    pipBringing(files);
    const fetching = fetchLibtorch({ cuda: true });
    await expect(fetching).rejects.toMatchObject({
      code: 'ERR_BIT_LIBTORCH',
      message: expect.stringMatching(words) as string,
    });
    await expect(fetching).rejects.toThrow(
      `  ${origin}/simple/torch/: the server answered 404\n  python3 -m pip download: `,
    );
    expect(existsSync(copy)).toBe(false);
    expect(readdirSync(wheels).sort()).toEqual([...kept].sort()); // what was refused is gone
    // And what was not looked at is before it is used.
    rmSync(join(home, 'kept'), { recursive: true });
    pipBringing(data(...FILES));
    await fetchLibtorch({ cuda: true });
    const library = readFileSync(join(copy, 'nvidia/cu13/lib/libcublas.so.13'), 'utf8');
    expect(library).toBe('y'.repeat(200_000));
    expect(readdirSync(root)).toEqual(['2.14.1+cu130']);
  });

  test('is killed, since somebody does not want to wait: nothing is lost', async () => {
    await startIndex(
      (name, ...rest) => name !== 'torch' && name !== TORCH && nothing(name, ...rest),
    );
    pip('exec sleep 60');
    const controller = new AbortController();
    const onProgress = ({ phase }: FetchProgress) => {
      if (phase === 'pip') setTimeout(() => controller.abort(new Error('enough')), 200);
    };
    const start = Date.now();
    const fetching = fetchLibtorch({ cuda: true, signal: controller.signal, onProgress });
    await expect(fetching).rejects.toThrow('enough');
    expect(Date.now() - start).toBeLessThan(10_000);
    expect(readdirSync(root)).toEqual(['wheels']);
    expect(readdirSync(wheels)).toEqual([TORCH]);
  });
});

supported('wheels that are not those', () => {
  test.each([
    ['another hash', forged(CUBLAS), /the file's SHA-256 is \w{64} instead of \w{64}\n/],
    ['another size', Buffer.from('short'), `the file has 5 bytes instead of ${BYTES[1]}\n`],
  ])('%s: never unpacked, and never kept', async (_, served, words) => {
    const { asked } = await startIndex((name, response) => {
      if (name !== CUBLAS) return false;
      response.end(served);
      return true;
    });
    await expect(fetchLibtorch({ cuda: true })).rejects.toThrow(words);
    expect(asked()).toEqual(['torch', TORCH, 'nvidia-cublas', CUBLAS]);
    expect(readdirSync(root)).toEqual(['wheels']);
    expect(readdirSync(wheels)).toEqual([TORCH]);
    expect(requirements()).toEqual([REQUIREMENTS.slice(1)]);
  });

  test('a part of another file: once more from the start', async () => {
    const { asked } = await startIndex();
    writeTree(root, { [`${CUBLAS}.part`]: 'of another file' });
    await fetchLibtorch({ cuda: true });
    expect(asked().filter((name) => name.startsWith(CUBLAS))).toEqual([
      `${CUBLAS} bytes=15-`,
      CUBLAS,
    ]);
  });
});

supported('the message', () => {
  test('says what failed, line by line, and which command continues', async () => {
    const { url } = await startIndex(nothing);
    writeTree(wheels, { [CUBLAS]: 'the half of it' }); // which goes
    await expect(fetchLibtorch({ cuda: true })).rejects.toMatchObject({
      code: 'ERR_BIT_LIBTORCH',
      message: [
        'libtorch could not be fetched.',
        `  ${url}/torch/: the server answered 404`,
        '  python3 -m pip download: ERROR: no such wheel',
        'When the connection is back, run `npx bigtransfer libtorch fetch --cuda` again (it continues where it was), or set BIGTRANSFER_LIBTORCH to the directory of a libtorch.',
      ].join('\n'),
    });
    expect(readdirSync(root)).toEqual([]);
  });

  test('keeps the password of the index to itself', async () => {
    const { origin } = await startIndex();
    const host = new URL(origin).host;
    process.env['BIGTRANSFER_PYPI_URL'] = `http://me:hush@${host}/simple`;
    const failure = await fetchLibtorch({ cuda: true }).catch((error: Error) => error.message);
    expect(failure).toContain(`  http://…@${host}/simple/torch/: `);
    expect(failure).not.toContain('hush');
  });

  test('an index that is not there is noticed at once', async () => {
    const { close } = await startIndex();
    await close();
    index = undefined;
    const start = Date.now();
    await expect(fetchLibtorch({ cuda: true })).rejects.toThrow(/ECONNREFUSED[^]*no such wheel/);
    expect(Date.now() - start).toBeLessThan(3000);
  });

  test('a release whose libtorch is none is never kept', async () => {
    await startIndex();
    // As where a fault of ours had pinned a wheel for the CPU.
    const actual = jest.requireActual<typeof import('../../lib/libtorch/directory')>(
      '../../lib/libtorch/directory',
    );
    const spy = jest.spyOn(actual, 'inspectDirectory');
    spy.mockReturnValueOnce({ ok: false, why: 'it has no lib' });
    await expect(fetchLibtorch({ cuda: true })).rejects.toThrow(
      `${TORCH} cannot be used: it has no lib`,
    );
    spy.mockRestore();
    expect(readdirSync(root)).toEqual([]);
  });
});
