import { Ahead } from '../../../lib/batch/inputs/ahead';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Counts what it is asked for. */
function numbers(count: number) {
  const state = { given: 0, isClosed: false };
  async function* source() {
    try {
      for (let at = 0; at < count; at++) {
        state.given++;
        yield await Promise.resolve(at);
      }
    } finally {
      state.isClosed = true;
    }
  }
  return { state, source: source() };
}

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const value of values) found.push(value);
  return found;
}

test('everything comes, in order, and is counted when the last one is known', async () => {
  const ahead = new Ahead(numbers(25).source, 4);
  expect(ahead.total).toBeNull();
  expect(await all(ahead)).toEqual(Array.from({ length: 25 }, (_, at) => at));
  expect(ahead.total).toBe(25);
});

test('the total is known before anything is taken where the listing is short', async () => {
  const ahead = new Ahead(numbers(3).source, 10);
  for (let times = 0; times < 20; times++) await turn();
  expect(ahead.total).toBe(3);
  expect(await all(ahead)).toEqual([0, 1, 2]);
  expect(await all(new Ahead(numbers(0).source))).toEqual([]);
});

test('no more is held than was said', async () => {
  const { state, source } = numbers(1000);
  const ahead = new Ahead(source, 10);
  for (let times = 0; times < 50; times++) await turn();
  expect(state.given).toBe(10);
  expect(ahead.total).toBeNull();
  let taken = 0;
  for await (const value of ahead) {
    expect(value).toBe(taken++);
    if (taken % 100 === 0) await turn();
    expect(state.given - taken).toBeLessThanOrEqual(11);
  }
  expect(taken).toBe(1000);
  expect(ahead.total).toBe(1000);
});

test('a failure is thrown where its turn comes', async () => {
  const reason = new Error('unplugged');
  async function* failing() {
    yield 1;
    yield await Promise.resolve(2);
    throw reason;
  }
  const ahead = new Ahead(failing());
  for (let times = 0; times < 20; times++) await turn();
  const found: number[] = [];
  const run = async () => {
    for await (const value of ahead) found.push(value);
  };
  await expect(run()).rejects.toBe(reason);
  expect(found).toEqual([1, 2]);
  expect(ahead.total).toBeNull();
});

test('a failure that nobody waits for is nobody’s', async () => {
  const unhandled: unknown[] = [];
  const listener = (error: unknown) => unhandled.push(error);
  process.on('unhandledRejection', listener);
  async function* failing(): AsyncGenerator<number> {
    yield await Promise.reject<number>(new Error('unplugged'));
  }
  const ahead = new Ahead(failing());
  for (let times = 0; times < 20; times++) await turn();
  process.off('unhandledRejection', listener);
  expect(unhandled).toEqual([]);
  await expect(all(ahead)).rejects.toThrow('unplugged');
});

test('the listing is closed where somebody stops on the way', async () => {
  const { state, source } = numbers(1000);
  for await (const value of new Ahead(source, 10)) if (value === 2) break;
  for (let times = 0; times < 20; times++) await turn();
  expect(state.isClosed).toBe(true);
  expect(state.given).toBeLessThan(20);
});
