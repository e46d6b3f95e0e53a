import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppendedFile, failure } from '../../../lib/training/logs/appended_file';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bigtransfer-test-'));
  path = join(folder, 'log');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const text = () => readFileSync(path, 'utf8');
const read = async (file: AppendedFile) => {
  const pieces: Buffer[] = [];
  for await (const piece of file.read()) pieces.push(piece);
  return Buffer.concat(pieces);
};
const handleOf = (file: AppendedFile) => (file as unknown as { handle: FileHandle }).handle;
/** The system's answer to a full disk, after it has taken a part of what it was given. */
function failOnce(file: AppendedFile, taken: number) {
  const handle = handleOf(file);
  const write = handle.write.bind(handle) as (
    ...args: unknown[]
  ) => Promise<{ bytesWritten: number }>;
  const answers = [
    (bytes: Uint8Array, _from: number, _length: null, at: number) => write(bytes, 0, taken, at),
    () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' })),
  ];
  const spy = jest.spyOn(handle, 'write');
  for (const answer of answers) spy.mockImplementationOnce(answer as never);
}

describe('an appended file', () => {
  test('grows at its end, over several openings', async () => {
    for (const word of ['one', 'two']) {
      const file = await AppendedFile.open(path);
      await file.append(Buffer.from(`${word} `));
      await file.append(Buffer.from('and '));
      await file.close();
    }
    expect(text()).toBe('one and two and ');
  });

  test('keeps the order of calls that nobody waits for, its closing too', async () => {
    const file = await AppendedFile.open(path);
    const words = Array.from({ length: 50 }, (_, i) => `${i} `);
    const calls = words.map((word) => file.append(Buffer.from(word)));
    await file.close();
    await Promise.all(calls);
    expect(text()).toBe(words.join(''));
  });

  test('is read in pieces, and cut where it is asked to be', async () => {
    const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, i) => i % 251));
    writeFileSync(path, bytes);
    const file = await AppendedFile.open(path);
    expect(file.size).toBe(200_000);
    expect(Buffer.compare(await read(file), bytes)).toBe(0);
    await file.cut(70_000);
    await file.cut(80_000); // it has no more
    expect(file.size).toBe(70_000);
    await file.append(Buffer.from('end'));
    expect((await read(file)).toString('latin1')).toBe(`${bytes.toString('latin1', 0, 70_000)}end`);
    await file.close();
    expect(readFileSync(path)).toHaveLength(70_003);
  });

  test('ends where somebody else has cut it meanwhile', async () => {
    writeFileSync(path, 'abcdef');
    const file = await AppendedFile.open(path);
    truncateSync(path, 2);
    expect((await read(file)).toString()).toBe('ab');
    await file.close();
  });

  test('is written where a link points to', async () => {
    writeFileSync(join(folder, 'target'), 'a');
    symlinkSync('target', path);
    const file = await AppendedFile.open(path);
    await file.append(Buffer.from('b'));
    await file.close();
    expect(readFileSync(join(folder, 'target'), 'utf8')).toBe('ab');
  });
});

test('what the system takes in pieces is whole in the end', async () => {
  const file = await AppendedFile.open(path);
  await file.append(Buffer.from('first '));
  const handle = handleOf(file);
  const write = handle.write.bind(handle) as (...args: unknown[]) => Promise<unknown>;
  jest
    .spyOn(handle, 'write')
    .mockImplementation(((bytes: Uint8Array, from: number, _length: null, at: number) =>
      write(bytes, from, Math.min(3, bytes.length - from), at)) as never);
  await file.append(Buffer.from('second third'));
  await file.close();
  expect(text()).toBe('first second third');
});

describe('a disk that is full', () => {
  test('leaves nothing of what was refused, and what comes next is appended whole', async () => {
    const file = await AppendedFile.open(path);
    await file.append(Buffer.from('first '));
    failOnce(file, 3);
    await expect(file.append(Buffer.from('refused and long'))).rejects.toMatchObject({
      code: 'ERR_BIT_OUTPUT',
      message: `Cannot write ${path}: no space is left there`,
      cause: { code: 'ENOSPC' },
    });
    expect(text()).toBe('first ');
    await file.append(Buffer.from('next'));
    await file.close();
    expect(text()).toBe('first next');
  });

  test('the same where its rest cannot be removed at once', async () => {
    const file = await AppendedFile.open(path);
    failOnce(file, 5);
    jest.spyOn(handleOf(file), 'truncate').mockRejectedValueOnce(new Error('busy'));
    await expect(file.append(Buffer.from('refused'))).rejects.toThrow('no space is left there');
    expect(text()).toBe('refus');
    await file.append(Buffer.from('on'));
    await file.close();
    expect(text()).toBe('on');
  });

  test('the same where the file is closed then', async () => {
    const file = await AppendedFile.open(path);
    failOnce(file, 5);
    jest.spyOn(handleOf(file), 'truncate').mockRejectedValueOnce(new Error('busy'));
    await expect(file.append(Buffer.from('refused'))).rejects.toThrow('no space is left there');
    await file.close();
    expect(text()).toBe('');
  });

  test('is told where it shows only when the bytes go to the disk', async () => {
    const file = await AppendedFile.open(path);
    const full = Object.assign(new Error('full'), { code: 'EDQUOT' });
    jest.spyOn(handleOf(file), 'datasync').mockRejectedValueOnce(full);
    await expect(file.append(Buffer.from('a'))).rejects.toThrow('the quota there is used up');
    expect(file.size).toBe(0);
    await file.close();
    expect(text()).toBe('');
  });
});

describe('what cannot be opened', () => {
  const refused = (given: string, why: string, options = {}) =>
    expect(AppendedFile.open(given, options)).rejects.toMatchObject({
      code: 'ERR_BIT_OUTPUT',
      message: `Cannot write ${given}: ${why}`,
    });

  test('folders, devices, and files below none', async () => {
    mkdirSync(path);
    await refused(path, 'it is a folder');
    await refused('/dev/null', 'it is no regular file');
    await refused(join(folder, 'none', 'log'), 'there is no such file or folder');
    writeFileSync(join(folder, 'file'), '');
    await refused(join(folder, 'file', 'log'), 'a part of its path is no folder');
  });

  test('a file that is to be new and is there stays as it is', async () => {
    writeFileSync(path, 'kept');
    const error: unknown = await AppendedFile.open(path, { isNew: true }).catch(
      (each: unknown) => each,
    );
    expect(error).toMatchObject({ code: 'ERR_BIT_OUTPUT', cause: { code: 'EEXIST' } });
    expect(text()).toBe('kept');
  });

  test('a file that was closed takes no more', async () => {
    const file = await AppendedFile.open(path);
    await file.close();
    await expect(file.append(Buffer.from('a'))).rejects.toMatchObject({
      code: 'ERR_BIT_OUTPUT',
      message: `Cannot write ${path}: it was closed`,
    });
  });

  test('says what the system says where there are no better words', () => {
    expect(failure('read', 'log', new Error('odd')).message).toBe('Cannot read log: odd');
  });
});
