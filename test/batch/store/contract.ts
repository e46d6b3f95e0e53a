// What every store of lib/batch/store/ promises; the test of each runs it.
import { createHash } from 'node:crypto';
import type { Store } from '../../../lib/batch/store/store';

/** @param open the same empty place, each time by a store of its own: as processes have. */
export function keepsStoreContract(open: () => Store): void {
  const text = async (name: string) => (await open().read(name))?.toString() ?? null;
  const written = async (name: string, chunks: (string | Uint8Array)[]) => {
    const file = await open().create(name);
    for (const chunk of chunks) await file.write(chunk);
    return file.close();
  };

  test('reads what was written, as a whole and in ranges', async () => {
    await written('a/b.txt', ['hello ', Buffer.from('wide'), ' world']);
    expect(await text('a/b.txt')).toBe('hello wide world');
    const range = async (...at: number[]) => (await open().read('a/b.txt', ...at))?.toString();
    expect(await range(6, 10)).toBe('wide');
    expect(await range(11)).toBe('world');
    expect(await range(11, 1000)).toBe('world');
    expect(await range(16)).toBe('');
    expect(await range(3, 3)).toBe('');
  });

  test('gives null for what is not there, and an empty file as that', async () => {
    expect(await open().read('nothing')).toBeNull();
    expect(await open().read('nothing', 2, 5)).toBeNull();
    expect(await open().read('nothing', 2, 2)).toBeNull();
    await written('empty', []);
    expect(await text('empty')).toBe('');
  });

  test('tells the bytes and the SHA-256 of a file', async () => {
    const bytes = Buffer.alloc(300_000, 'abcdefg');
    const facts = await written('facts', [bytes.subarray(0, 100_001), bytes.subarray(100_001)]);
    expect(facts).toEqual({
      bytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    });
    expect((await open().read('facts'))?.equals(bytes)).toBe(true);
  });

  test('takes memory that is used again once it is written', async () => {
    const file = await open().create('again');
    const memory = Buffer.from('first');
    await file.write(Buffer.from(memory));
    memory.write('other');
    await file.close();
    expect(await text('again')).toBe('first');
  });

  test('tells how large the files of a folder are', async () => {
    await written('sized/a', ['12345']);
    await written('sized/b', ['']);
    await written('sized/below/c', ['1']);
    expect([...(await open().sizes('sized'))].sort()).toEqual([
      ['a', 5],
      ['b', 0],
    ]);
    expect((await open().sizes('no/such')).size).toBe(0);
  });

  test('lists the files of one folder, more than a page of them', async () => {
    const names = ['1', '2', '3', '4', '5', '6', '7'];
    for (const name of names) await written(`list/${name}`, [name]);
    await written('list/below/8', ['8']);
    await written('listed', ['9']);
    const found = (await open().list('list')).filter((name) => name !== 'below');
    expect(found.sort()).toEqual(names);
    expect(await open().list('')).toContain('listed');
    expect(await open().list('no/such')).toEqual([]);
  });

  test('lets one of several writers write, and keeps what that one wrote', async () => {
    const writers = Array.from({ length: 8 }, (_, i) => open().writeOnce('once', `writer ${i}`));
    const outcomes = await Promise.all(writers);
    expect(outcomes.filter(Boolean)).toHaveLength(1);
    expect(await text('once')).toBe(`writer ${outcomes.indexOf(true)}`);
    expect(await open().writeOnce('once', 'later')).toBe(false);
    expect(await text('once')).toBe(`writer ${outcomes.indexOf(true)}`);
  });

  test('replaces', async () => {
    await open().replace('replaced', 'one');
    await open().replace('replaced', 'two');
    expect(await text('replaced')).toBe('two');
  });

  test('moves, and finds it done when somebody else was quicker', async () => {
    await written('from é+%&', ['moved']);
    expect(await open().move('from é+%&', 'to')).toBe(true);
    expect(await text('to')).toBe('moved');
    expect(await text('from é+%&')).toBeNull();
    expect(await open().move('from é+%&', 'to')).toBe(true);
    expect(await text('to')).toBe('moved');
    expect(await open().move('nowhere', 'else')).toBe(false);
    expect(await text('else')).toBeNull();
  });

  test('removes files and folders with all that is in them, and nothing beside', async () => {
    for (const name of ['gone/1', 'gone/2', 'gone/x/3', 'gone/x/4', 'gone-not', 'gone2/1'])
      await written(name, [name]);
    await open().remove('gone');
    await open().remove('gone');
    for (const name of ['gone/1', 'gone/2', 'gone/x/3', 'gone/x/4'])
      expect(await text(name)).toBeNull();
    expect(await text('gone-not')).toBe('gone-not');
    expect(await text('gone2/1')).toBe('gone2/1');
    await open().remove('gone-not');
    expect(await text('gone-not')).toBeNull();
  });

  test('shows nothing of a file that is discarded, and keeps one that is closed', async () => {
    const store = open();
    const file = await store.create('discarded');
    await file.write('half');
    await file.discard();
    await file.discard();
    expect(await text('discarded')).toBeNull();
    const kept = await store.create('kept');
    await kept.write('whole');
    await kept.close();
    await kept.discard();
    expect(await text('kept')).toBe('whole');
  });
}
