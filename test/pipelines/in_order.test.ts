// The loop over batches: what is under way, in which order results come, and how it ends.
import { getEventListeners } from 'node:events';
import { inOrder } from '../../lib/pipelines/in_order';

async function all<T>(results: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const each of results) list.push(each);
  return list;
}

const tick = () => new Promise((resolve) => setImmediate(resolve));

describe('inOrder', () => {
  /** Runs that end when they are told to, and the most that were under way together. */
  function runs() {
    const state = { started: [] as number[], ended: 0, most: 0 };
    const run = async (index: number) => {
      state.started.push(index);
      state.most = Math.max(state.most, state.started.length - state.ended);
      await tick();
      // The later ones end sooner.
      if (index % 2 === 0) await tick();
      state.ended++;
      return index * 10;
    };
    return { state, run };
  }

  test.each([0, 1, 2, 9])('gives results in order with %d ahead', async (ahead) => {
    const { state, run } = runs();
    expect(await all(inOrder([0, 1, 2, 3, 4], run, { ahead }))).toEqual([0, 10, 20, 30, 40]);
    expect(state.started).toEqual([0, 1, 2, 3, 4]);
    expect(state.most).toBe(Math.min(ahead + 1, 5));
  });

  test('throws the first failure in order, when what was started has ended', async () => {
    let ended = 0;
    const run = async (index: number) => {
      await tick();
      if (index === 2) await tick();
      ended++;
      if (index >= 1) throw new Error(`run ${index}`);
    };
    await expect(all(inOrder(Array(9).keys(), run, { ahead: 2 }))).rejects.toThrow('run 1');
    expect(ended).toBe(4);
  });

  test('takes no longer for room that a short list does not fill', async () => {
    const { state, run } = runs();
    expect(await all(inOrder([0, 1], run, { ahead: 2 ** 40 }))).toEqual([0, 10]);
    expect(state.most).toBe(2);
  });

  test('takes one input at a time', async () => {
    let asked = 0;
    async function* slow() {
      for (let n = 0; n < 5; n++) {
        expect(++asked).toBe(1);
        await tick();
        asked--;
        yield n;
      }
    }
    expect(await all(inOrder(slow(), async (n: number) => n, { ahead: 3 }))).toHaveLength(5);
  });

  test.each([
    [
      'is left',
      async (results: AsyncIterable<unknown>) => {
        for await (const each of results) return each;
      },
    ],
    [
      'fails',
      async (results: AsyncIterable<unknown>) => {
        await expect(all(results)).rejects.toThrow('the second one');
      },
    ],
  ])('tells the runs under way when it %s', async (_, goThrough) => {
    const told: number[] = [];
    const run = (index: number, signal: AbortSignal) =>
      new Promise<number>((resolve, reject) => {
        if (index === 0) return resolve(index);
        if (index === 1) return void setTimeout(reject, 50, new Error('the second one'));
        signal.addEventListener('abort', () => {
          told.push(index);
          reject(signal.reason as Error);
        });
      });
    await goThrough(inOrder([0, 1, 2, 3], run, { ahead: 3 }));
    expect(told).toEqual([2, 3]);
  });

  test("a caller's signal is the runs' too, and has no listener of ours afterwards", async () => {
    const controller = new AbortController();
    const run = (index: number, signal: AbortSignal) =>
      new Promise<number>((resolve, reject) => {
        if (index === 0) return resolve(index);
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
    const results = inOrder([0, 1], run, { ahead: 1, signal: controller.signal });
    const through = (async () => {
      for await (const each of results) expect(each).toBe(0);
    })();
    await tick();
    controller.abort(new Error('enough'));
    await expect(through).rejects.toThrow('enough');
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });

  test('takes inputs as runs begin, however many there are, and closes what gives them', async () => {
    let taken = 0;
    let closed = false;
    async function* endless() {
      try {
        for (;;) yield taken++;
      } finally {
        closed = true;
      }
    }
    for await (const each of inOrder(endless(), async (n: number) => n, { ahead: 3 })) {
      expect(taken).toBeLessThanOrEqual(each + 5);
      if (each === 1000) break;
    }
    await tick();
    expect(closed).toBe(true);
  });

  test('gives what is there while it waits for further inputs', async () => {
    async function* slow() {
      yield 1;
      await new Promise(() => undefined);
    }
    const results = inOrder(slow(), async (n: number) => n, { ahead: 3 });
    expect(await results.next()).toEqual({ done: false, value: 1 });
    await results.return();
  });

  test('an abort ends the wait for an input, and starts nothing', async () => {
    const reason = new Error('enough');
    const never = () => new Promise<number>(() => undefined);
    async function* none() {
      yield await never();
    }
    const controller = new AbortController();
    const waiting = all(inOrder(none(), never, { ahead: 1, signal: controller.signal }));
    setTimeout(() => controller.abort(reason), 5);
    await expect(waiting).rejects.toBe(reason);
    await expect(all(inOrder([1], never, { ahead: 1, signal: controller.signal }))).rejects.toBe(
      reason,
    );
  });

  test('throws what its inputs throw, after the results of those before', async () => {
    async function* failing() {
      yield 1;
      throw new Error('no more');
    }
    const results = inOrder(failing(), async (n: number) => n, { ahead: 3 });
    expect((await results.next()).value).toBe(1);
    await expect(results.next()).rejects.toThrow('no more');
  });
});
