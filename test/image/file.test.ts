// What is read of a file is that file, whatever its size.
import { symlinkSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { MAX_ENCODED_BYTES, readPicture } from '../../lib/image/file';
import { temporaryFolder } from '../support/temporary';

const path = join(temporaryFolder(), 'picture.jpg');
const MEGABYTE = 2 ** 20;

/** Bytes that begin as a JPEG. */
function content(size: number): Buffer {
  const bytes = Buffer.alloc(size, 7);
  Buffer.from([0xff, 0xd8, 0xff]).copy(bytes);
  return bytes;
}

test.each([3, 4, 100, 511, 512, 513, 5000, MEGABYTE - 1, MEGABYTE, MEGABYTE + 1, 3 * MEGABYTE])(
  'a file of %i bytes',
  async (size) => {
    writeFileSync(path, content(size));
    for (const source of [path, pathToFileURL(path).href]) {
      const bytes = await readPicture(source);
      expect(bytes).toHaveLength(size);
      expect(content(size).equals(bytes)).toBe(true);
    }
  },
);

test('what is no file is told in words', async () => {
  const round = join(dirname(path), 'round.jpg');
  symlinkSync('round.jpg', round);
  await expect(readPicture(round)).rejects.toMatchObject({
    message: `Cannot read ${round}: this link leads to itself`,
  });
  writeFileSync(path, content(9));
  const below = join(path, 'x.jpg');
  await expect(readPicture(below)).rejects.toMatchObject({
    message: `Cannot read ${below}: no such file: a part of its path is no folder`,
  });
});

describe('where the system', () => {
  let prototype: FileHandle;
  beforeAll(async () => {
    writeFileSync(path, '');
    await using file = await open(path);
    prototype = Object.getPrototypeOf(file) as FileHandle;
  });
  afterEach(() => jest.restoreAllMocks());

  /** Makes the system tell this size of every file. */
  function tell(size: number): void {
    jest.spyOn(prototype, 'stat').mockResolvedValue({ size } as never);
  }

  // Each waits for a thread.
  test.each([
    [512, 1],
    [5000, 1],
    [MEGABYTE, 1],
    [MEGABYTE + 1, 2],
    [3 * MEGABYTE, 2],
  ])('tells a size, a file of %i bytes takes %i reads', async (size, reads) => {
    writeFileSync(path, content(size));
    const read = jest.spyOn(prototype, 'read');
    expect(await readPicture(path)).toHaveLength(size);
    expect(read).toHaveBeenCalledTimes(reads);
  });

  test.each([3, 511, 512, 513, MEGABYTE, MEGABYTE + 512, 3 * MEGABYTE + 5])(
    'tells no size, as of files in /proc, all %i bytes are read',
    async (size) => {
      writeFileSync(path, content(size));
      tell(0);
      expect(content(size).equals(await readPicture(path))).toBe(true);
    },
  );

  test('tells a size that the file has no longer, it ends where it does', async () => {
    writeFileSync(path, content(2 * MEGABYTE));
    tell(3 * MEGABYTE);
    expect(content(2 * MEGABYTE).equals(await readPicture(path))).toBe(true);
  });

  test('tells a size, 1 GiB is the most', async () => {
    writeFileSync(path, content(100));
    tell(MAX_ENCODED_BYTES);
    expect(await readPicture(path)).toHaveLength(100);
    tell(MAX_ENCODED_BYTES + 1);
    await expect(readPicture(path)).rejects.toMatchObject({
      code: 'ERR_BIT_IMAGE',
      message: `Cannot read ${path}: it has ${2 ** 30 + 1} bytes, and encoded images may have ${2 ** 30}`,
    });
  });

  test('has no end of a file, it is given up after 1 GiB', async () => {
    tell(0);
    let total = 0;
    const endless = (bytes: Buffer) => {
      if (total === 0) content(3).copy(bytes);
      total += bytes.length;
      return Promise.resolve({ bytesRead: bytes.length, buffer: bytes });
    };
    jest.spyOn(prototype, 'read').mockImplementation(endless as never);
    await expect(readPicture(path)).rejects.toThrow(
      /it has \d+ bytes, and encoded images may have/,
    );
    expect(total).toBeLessThan(MAX_ENCODED_BYTES + 2 * MEGABYTE);
  });

  test('gives a file in pieces, they are put together', async () => {
    const bytes = content(2000);
    writeFileSync(path, bytes);
    const pieces = (into: Buffer, at: number, most: number, position: number) => {
      const end = Math.min(position + Math.min(most, 300), bytes.length);
      return Promise.resolve({ bytesRead: bytes.copy(into, at, position, end), buffer: into });
    };
    jest.spyOn(prototype, 'read').mockImplementation(pieces as never);
    expect(bytes.equals(await readPicture(path))).toBe(true);
  });
});
