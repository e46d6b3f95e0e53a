// A model's folder in the cache: what it is known by, and how files appear in it.
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import filesystem from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HubCache } from '../../lib/hub/cache';
import { temporaryFolder } from '../support/temporary';

const COMMIT = 'c0ffee'.padEnd(40, '0');
const HASH = 'ab'.repeat(32);
const cacheDir = temporaryFolder();
const cache = new HubCache('owner/bit', { cacheDir });

function write(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

beforeEach(() => rmSync(cache.dir, { recursive: true, force: true }));
afterEach(() => jest.restoreAllMocks());

test("the folder has the name that Python's gives it", () => {
  expect(cache.dir).toBe(join(cacheDir, 'models--owner--bit'));
  expect(new HubCache('gpt', { cacheDir }).dir).toBe(join(cacheDir, 'models--gpt'));
  expect(cache.snapshot(COMMIT)).toBe(join(cache.dir, 'snapshots', COMMIT));
  expect(cache.blob(HASH)).toBe(join(cache.dir, 'blobs', HASH));
});

describe('a revision', () => {
  const ref = join(cache.dir, 'refs', 'pr', '1');

  test('is known by what was asked last, perhaps with a line end of its own', async () => {
    expect(cache.commitOf('pr/1')).toBeNull();
    await cache.remember('pr/1', 'd'.repeat(40));
    await cache.remember('pr/1', COMMIT);
    expect(readFileSync(ref, 'utf8')).toBe(COMMIT);
    expect(cache.commitOf('pr/1')).toBe(COMMIT);
    write(ref, `${COMMIT}\n`);
    expect(cache.commitOf('pr/1')).toBe(COMMIT);
    await cache.remember('pr/1', COMMIT);
    expect(readFileSync(ref, 'utf8')).toBe(`${COMMIT}\n`); // as it was: it says so already
  });

  test.each(['', COMMIT.slice(1), `${COMMIT}0`, `0${COMMIT}`, COMMIT.toUpperCase(), '../../x'])(
    'is not known by %p',
    (wrong) => {
      write(ref, wrong);
      expect(cache.commitOf('pr/1')).toBeNull();
    },
  );

  test('that is a commit is known where the folder has it, and never kept as a name', async () => {
    expect(cache.commitOf(COMMIT)).toBeNull();
    await cache.remember(COMMIT, COMMIT);
    expect(existsSync(cache.dir)).toBe(false);
    write(join(cache.snapshot(COMMIT), 'config.json'), '{}');
    expect(cache.commitOf(COMMIT)).toBe(COMMIT);
  });
});

describe('a blob appears in a snapshot', () => {
  const path = join(cache.snapshot(COMMIT), 'deep', 'a.bin');
  const place = () => cache.place(HASH, COMMIT, 'deep/a.bin');
  const none = (...ways: ('symlink' | 'link' | 'copyFile')[]) => {
    for (const way of ways)
      jest.spyOn(filesystem, way).mockRejectedValue(new Error(`no ${way} here`));
  };
  beforeEach(() => write(cache.blob(HASH), 'weights'));

  test('by a relative link', async () => {
    expect(await place()).toBe(path);
    expect(readlinkSync(path)).toBe(join('..', '..', '..', 'blobs', HASH));
    expect(readFileSync(path, 'utf8')).toBe('weights');
    expect(readdirSync(dirname(path))).toEqual(['a.bin']);
  });

  test('by a second name, where links cannot be', async () => {
    none('symlink');
    expect(await place()).toBe(path);
    expect([lstatSync(path).isFile(), lstatSync(path).nlink]).toEqual([true, 2]);
  });

  test('as a copy, where neither can be', async () => {
    none('symlink', 'link');
    expect(await place()).toBe(path);
    expect([lstatSync(path).isFile(), lstatSync(path).nlink]).toEqual([true, 1]);
    expect(readFileSync(path, 'utf8')).toBe('weights');
  });

  test('or is told not to', async () => {
    none('symlink', 'link', 'copyFile');
    await expect(place()).rejects.toThrow(`${path} could not be written`);
  });

  test('in place of a link that leads nowhere any more', async () => {
    await place();
    rmSync(path);
    mkdirSync(dirname(path), { recursive: true });
    await filesystem.symlink('gone', path);
    expect(await place()).toBe(path);
    expect(readFileSync(path, 'utf8')).toBe('weights');
  });

  test('once: what is there stays', async () => {
    write(path, 'mine');
    expect(await place()).toBe(path);
    expect(readFileSync(path, 'utf8')).toBe('mine');
  });
});
