import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { withLock } from '../../lib/download/lock';
import { temporaryFolder } from '../support/temporary';

const path = join(temporaryFolder(), 'deeper', 'fetch.lock');
/** Less than one look at a lock that is held. */
const SOON_MS = 200;
const NOBODY = 999_999_999;

afterEach(() => {
  jest.restoreAllMocks();
  rmSync(path, { recursive: true, force: true });
});

/** Whether the work runs at once over a lock of this owner. */
async function runsOver(owner: string, ageMs = 0): Promise<boolean> {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, owner);
  const then = new Date(Date.now() - ageMs);
  utimesSync(path, then, then);
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error('held')), SOON_MS);
  const runs = await withLock(path, async () => true, controller.signal).catch(() => false);
  clearTimeout(timer);
  return runs;
}

test('the lock names its owner while the work runs, and is gone when it has failed', async () => {
  const work = async () => {
    expect(readFileSync(path, 'utf8')).toBe(`${process.pid} ${hostname()}`);
    throw new Error('no');
  };
  await expect(withLock(path, work)).rejects.toThrow('no');
  expect(existsSync(path)).toBe(false);
});

test.each([
  ['lives here', `${process.pid} ${hostname()}`, 0, false],
  ['lives here, and has missed a few beats', `${process.pid} ${hostname()}`, 50_000, false],
  ['died here', `${NOBODY} ${hostname()}`, 0, true],
  ['may live on another machine', `${NOBODY} elsewhere`, 0, false],
  ['has been silent for a minute', `${process.pid} ${hostname()}`, 61_000, true],
])('a lock whose owner %s', async (_, owner, age, runs) => {
  expect(await runsOver(owner, age)).toBe(runs);
});

test('what cannot be read holds it', async () => {
  mkdirSync(path, { recursive: true });
  await expect(withLock(path, async () => true, AbortSignal.timeout(SOON_MS))).rejects.toThrow(
    'timeout',
  );
});

test('where no lock can be written the system says why, and nobody waits', async () => {
  const tooLong = join(dirname(path), 'x'.repeat(300));
  const work = jest.fn();
  const held = AbortSignal.timeout(SOON_MS);
  await expect(withLock(tooLong, work, held)).rejects.toMatchObject({ code: 'ENAMETOOLONG' });
  expect(work).not.toHaveBeenCalled();
});

test("another user's process holds it too, though it may not be asked", async () => {
  jest.spyOn(process, 'kill').mockImplementation(() => {
    throw Object.assign(new Error(), { code: 'EPERM' });
  });
  expect(await runsOver(`1 ${hostname()}`)).toBe(false);
});

test('a lock that somebody else takes away is no failure', async () => {
  expect(await withLock(path, async () => rmSync(path))).toBeUndefined();
  // Its dead owner's, just when it is found dead.
  jest.spyOn(process, 'kill').mockImplementation(() => {
    rmSync(path);
    throw Object.assign(new Error(), { code: 'ESRCH' });
  });
  expect(await runsOver(`${NOBODY} ${hostname()}`)).toBe(true);
});

test('while the work runs its file is touched, so that others see it live', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
  try {
    await withLock(path, async () => {
      const then = new Date(1000);
      utimesSync(path, then, then);
      jest.advanceTimersByTime(60_000);
      while (statSync(path).mtimeMs === 1000) await new Promise((next) => setImmediate(next));
    });
    expect(jest.getTimerCount()).toBe(0);
  } finally {
    jest.useRealTimers();
  }
});
