// A page on the disk: there as a whole under its name, or not at all.
import { open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { explainWrites } from '../files';

/**
 * Before much work is done for it.
 * @throws BitError ERR_BIT_OUTPUT for a place where no file can be written.
 */
export async function expectWritable(path: string): Promise<void> {
  await explainWrites(path, async () => {
    if (await isFolder(path)) throw Object.assign(new Error('it is a folder'), { code: 'EISDIR' });
    await withPart(path, async (part) => (await open(part, 'wx')).close());
  });
}

/**
 * Takes the place of what was there.
 * @throws BitError ERR_BIT_OUTPUT where that fails; what was there stays.
 */
export async function writePage(path: string, page: string): Promise<void> {
  await explainWrites(path, () =>
    withPart(path, async (part) => {
      await writeFile(part, page, { flush: true });
      await rename(part, path);
    }),
  );
}

/** A file beside it, which is gone afterwards. */
async function withPart(path: string, work: (part: string) => Promise<void>): Promise<void> {
  const part = `${path}.${process.pid}.part`;
  try {
    await work(part);
  } finally {
    await rm(part, { force: true }).catch(() => undefined);
  }
}

const isFolder = (path: string) =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
