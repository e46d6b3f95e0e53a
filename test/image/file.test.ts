// What is read of a file is that file, whatever its size.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readPicture } from '../../lib/image/file';
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
