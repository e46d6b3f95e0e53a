import type { Engine } from '../../lib/batch/engine';
import type { Picture } from '../../lib/batch/inputs/picture';
import { failedRow, rowsOf, type PictureGroup } from '../../lib/batch/rows';
import { BitError } from '../../lib/errors';

/** Takes `ahead` pictures before it tells of the first one; says of each what it was. */
const engine = (ahead: number): Pick<Engine, 'settled' | 'together'> => ({
  together: ahead + 1,
  settled: async function* (images) {
    const waiting: unknown[] = [];
    let index = 0;
    const settle = (image: unknown) =>
      image instanceof BitError
        ? { index: index++, error: image }
        : { index: index++, result: { predictions: [{ label: String(image), score: 1 }] } };
    for await (const image of images) {
      waiting.push(image);
      if (waiting.length > ahead) yield settle(waiting.shift());
    }
    for (const image of waiting) yield settle(image);
  },
});

async function* pictures(...names: string[]): AsyncGenerator<Picture> {
  for (const path of names) yield await Promise.resolve({ path, image: path });
}

async function* groups(...lists: string[][]): AsyncGenerator<PictureGroup<number>> {
  for (const [key, names] of lists.entries()) yield { key, pictures: pictures(...names) };
}

test.each([0, 1, 2, 10])('rows come in order, each of its group, %i ahead', async (ahead) => {
  const told: [number, string, boolean][] = [];
  for await (const { key, row, isLast } of rowsOf(
    groups(['a', 'b'], ['c'], ['d', 'e', 'f']),
    engine(ahead),
  )) {
    expect(row.predictions?.[0]?.label).toBe(row.path);
    told.push([key, row.path, isLast]);
  }
  expect(told).toEqual([
    [0, 'a', false],
    [0, 'b', true],
    [1, 'c', true],
    [2, 'd', false],
    [2, 'e', false],
    [2, 'f', true],
  ]);
});

test('nothing gives nothing', async () => {
  for await (const row of rowsOf(groups(), engine(0))) throw new Error(JSON.stringify(row));
});

test('what cannot be used is a row with the reason, without its path', async () => {
  const error = new BitError('ERR_BIT_IMAGE', 'Cannot read a.jpg: no such file');
  async function* failing(): AsyncGenerator<PictureGroup<null>> {
    async function* one() {
      yield await Promise.resolve({ path: 'a.jpg', image: error });
    }
    yield await Promise.resolve({ key: null, pictures: one() });
  }
  for await (const { row } of rowsOf(failing(), engine(0)))
    expect(row).toEqual({
      path: 'a.jpg',
      error: { code: 'ERR_BIT_IMAGE', message: 'Cannot read: no such file' },
    });
});

test('embeddings come as they are', async () => {
  const embedding = Float32Array.of(1, 2);
  const settled: Engine['settled'] = async function* (images) {
    for await (const image of images) {
      expect(image).toBe('a');
      yield { index: 0, result: { embedding } };
    }
  };
  for await (const { row } of rowsOf(groups(['a']), { settled, together: 1 })) {
    expect(row).toEqual({ path: 'a', embedding });
    expect(row.embedding).toBe(embedding);
  }
});

test('groups are taken as their turn comes, and closed where somebody stops', async () => {
  let taken = 0;
  let isClosed = false;
  async function* many(): AsyncGenerator<PictureGroup<number>> {
    try {
      for (; ; taken++) yield await Promise.resolve({ key: taken, pictures: pictures('a', 'b') });
    } finally {
      isClosed = true;
    }
  }
  for await (const { key, isLast } of rowsOf(many(), engine(3))) if (key === 4 && isLast) break;
  expect(taken).toBeLessThan(8);
  expect(isClosed).toBe(true);
});

test('a picture alone in its group waits for nobody', async () => {
  let isTold = false;
  async function* after(): AsyncGenerator<PictureGroup<null>> {
    yield await Promise.resolve({ key: null, pictures: pictures('a') });
    if (!isTold) throw new Error('asked for the next one first');
  }
  for await (const { row } of rowsOf(after(), engine(0))) isTold = row.path === 'a';
  expect(isTold).toBe(true);
});

test.each([
  ['Cannot read a.jpg: no such file', 'Cannot read: no such file'],
  [
    'Cannot read the image: row 3 of a.jpg has none',
    'Cannot read the image: row 3 of a.jpg has none',
  ],
  ['there is no such image', 'there is no such image'],
])('of %j only the path goes', (message, expected) => {
  const error = new BitError('ERR_BIT_SHAPE', message);
  expect(failedRow('a.jpg', error)).toEqual({
    path: 'a.jpg',
    error: { code: 'ERR_BIT_SHAPE', message: expected },
  });
});

test('a path with signs of patterns is taken as it is', () => {
  const path = '$& (a)[b]*.jpg';
  const error = new BitError('ERR_BIT_IMAGE', `Cannot read ${path}: it is a folder`);
  expect(failedRow(path, error).error?.message).toBe('Cannot read: it is a folder');
});

test('pictures in memory are taken as they fit; those that the engine has to have come at once', async () => {
  const MEGABYTES = 20;
  const many = 12;
  let held = 0;
  let most = 0;
  async function* large(): AsyncGenerator<Picture> {
    for (let i = 0; i < many; i++) {
      most = Math.max(most, ++held);
      const data = new Uint8Array(MEGABYTES * 2 ** 20);
      const raw = { data, width: 1, height: 1, channels: 3 };
      yield await Promise.resolve({ path: String(i), image: i % 2 === 0 ? data : raw });
    }
  }
  async function* group(): AsyncGenerator<PictureGroup<null>> {
    yield await Promise.resolve({ key: null, pictures: large() });
  }
  // As a pipeline does: takes what it can get, and tells of the first one meanwhile.
  const eager = (together: number): Pick<Engine, 'settled' | 'together'> => ({
    together,
    settled: async function* (images) {
      const iterator = images[Symbol.asyncIterator]();
      const taken: unknown[] = [];
      let isEnd = false;
      void (async () => {
        for (let next = await iterator.next(); !next.done; next = await iterator.next())
          taken.push(next.value);
        isEnd = true;
      })();
      for (let index = 0; !isEnd || taken.length > 0;) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        if (taken.length < together && !isEnd) continue;
        if (taken.shift() !== undefined) yield { index: index++, result: { predictions: [] } };
      }
    },
  });
  for (const [together, expected] of [
    [1, 5],
    [8, 10],
  ] as const) {
    held = most = 0;
    let rows = 0;
    for await (const { row } of rowsOf(group(), eager(together))) {
      expect(row.path).toBe(String(rows++));
      held--;
    }
    expect(rows).toBe(many);
    // One more is with whoever looks whether another follows, and one waits to be let in.
    expect(most).toBeLessThanOrEqual(expected);
  }
});
