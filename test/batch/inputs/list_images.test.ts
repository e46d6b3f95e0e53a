import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listImages, type ListedImage } from '../../../lib';
import { temporaryFolder } from '../../support/temporary';

const folder = temporaryFolder();
mkdirSync(join(folder, 'inner'));
for (const name of ['b.jpg', 'a.png', 'inner/c.webp', 'words.txt', 'shard.tar'])
  writeFileSync(join(folder, name), '');
symlinkSync('gone', join(folder, 'lost.jpg'));

async function list(args: string[], options?: { signal?: AbortSignal }) {
  const images = listImages(args, options);
  const found: [string, string | undefined][] = [];
  for await (const { path, problem } of images)
    found.push([path.replace(`${folder}/`, ''), problem]);
  return { found, total: images.total };
}

test('pictures of folders, globs, files and URLs, each once, and how many there are', async () => {
  const args = [join(folder, '*.png'), folder, join(folder, 'b.jpg'), 'https://x.y/z', 'no.jpg'];
  const { found, total } = await list(args);
  expect(found).toEqual([
    ['a.png', undefined],
    ['b.jpg', undefined],
    ['inner/c.webp', undefined],
    ['lost.jpg', 'this link leads nowhere'],
    ['https://x.y/z', undefined],
    ['no.jpg', 'there is no such image'],
  ]);
  expect(total).toBe(6);
});

test('nothing', async () => {
  expect(await list([])).toEqual({ found: [], total: 0 });
});

test('ends with the signal’s reason', async () => {
  const reason = new Error('enough');
  await expect(list([folder], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

test.each([undefined, null, 5, {}])('%p is no list of paths', (args) => {
  expect(() => listImages(args as never)).toThrow('Expected a path or a list of paths for args');
});

test.each([[[null]], [['a.png', 5]], [[Buffer.from('a')]]])(
  '%p is no list of paths when it is gone through',
  async (args) => {
    await expect(list(args as never)).rejects.toMatchObject({
      code: 'ERR_BIT_CONFIG',
      message: expect.stringContaining('Expected a string for a path') as string,
    });
  },
);

test('bytes and wrong options are refused', () => {
  expect(() => listImages(Buffer.from('a') as never)).toThrow('Expected a path or a list of paths');
  expect(() => listImages('a', { signal: 5 } as never)).toThrow('Expected an AbortSignal');
  expect(() => listImages('a', { recursive: true } as never)).toThrow("Unknown option 'recursive'");
});

test('a text is one path', async () => {
  const found: ListedImage[] = [];
  for await (const each of listImages('/no/such.png')) found.push(each);
  expect(found).toEqual([{ path: '/no/such.png', problem: 'there is no such image' }]);
});
