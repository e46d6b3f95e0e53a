// What is said of files that cannot be written.
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BitError } from '../../lib';
import { explainWrites, syncFiles, syncFolder } from '../../lib/training/files';
import { failure } from '../support/queue';
import { temporaryFolder } from '../support/temporary';

const folder = temporaryFolder();
const failing = (error: Error) => failure(explainWrites('a/b', () => Promise.reject(error)));
const ofSystem = (code: string) => Object.assign(new Error(`${code}: some call`), { code });

test('what works is given back', async () => {
  expect(await explainWrites('x', () => Promise.resolve(5))).toBe(5);
});

test.each([
  ['ENOSPC', 'no space is left there'],
  ['EACCES', 'no permission there'],
  ['EROFS', 'it is read-only there'],
  ['EDQUOT', 'the quota there is used up'],
  ['EIO', 'EIO: some call'],
])('the path is named, and why: %s', async (code, why) => {
  expect(await failing(ofSystem(code))).toBe(`ERR_BIT_OUTPUT: Cannot write a/b: ${why}`);
});

test('of what the system does say', async () => {
  writeFileSync(join(folder, 'file'), '');
  const work = () => mkdir(join(folder, 'file', 'x'));
  expect(await failure(explainWrites('p', work))).toBe(
    'ERR_BIT_OUTPUT: Cannot write p: a part of its path is no folder',
  );
});

test('a model’s file that cannot be written is told by what the system said to it', async () => {
  const full = new BitError('ERR_BIT_CHECKPOINT', 'Cannot write m', { cause: ofSystem('ENOSPC') });
  expect(await failing(full)).toBe('ERR_BIT_OUTPUT: Cannot write a/b: no space is left there');
  const native = new BitError('ERR_BIT_CHECKPOINT', 'Cannot write m: No space left on device');
  expect(await failing(native)).toBe(
    'ERR_BIT_OUTPUT: Cannot write a/b: Cannot write m: No space left on device',
  );
});

test('other errors of ours stay as they are', async () => {
  const disposed = new BitError('ERR_BIT_DISPOSED', 'gone');
  await expect(explainWrites('x', () => Promise.reject(disposed))).rejects.toBe(disposed);
});

test('files of a folder go to the disk; one that is not there is an error, a folder that cannot be opened none', async () => {
  const place = join(folder, 'to sync');
  mkdirSync(place);
  writeFileSync(join(place, 'a'), 'a');
  await expect(syncFiles(place)).resolves.toBeUndefined();
  await expect(syncFiles(join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(syncFolder(join(folder, 'nowhere'))).resolves.toBeUndefined();
});
