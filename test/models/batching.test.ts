// Calls in flight together are gathered, and none of them can tell.
import {
  BitConfig,
  BitForImageClassification,
  BitModel,
  Tensor,
  type BatchingOptions,
} from '../../lib';

const config = new BitConfig({
  embeddingSize: 16,
  hiddenSizes: [32, 64],
  depths: [1, 2],
  numGroups: 4,
  numLabels: 5,
});

function pixels(seed: number, count = 1, side = 40): Tensor {
  const data = new Float32Array(count * 3 * side * side).map((_, i) => Math.sin(seed + i));
  return Tensor.from(data, [count, 3, side, side]);
}

const classifier = (batching?: BatchingOptions | false, threads?: number) =>
  BitForImageClassification.fromConfig(config, { seed: 3, batching, threads });

const largestBatch = (model: BitForImageClassification) =>
  Math.max(...model.stats().batches.map(({ images }) => images));

describe('gathered calls', () => {
  test.each([{ threads: undefined }, { threads: 1 }])(
    'give, bit for bit, what each gives alone (%o)',
    async ({ threads }) => {
      await using alone = await classifier(false, threads);
      await using model = await classifier({ maxBatch: 8, maxDelayMs: 20 }, threads);
      const inputs = Array.from({ length: 40 }, (_, i) => pixels(i, 1 + (i % 3), i % 2 ? 40 : 33));
      const options = { outputHiddenStates: true };
      const expected = [];
      for (const input of inputs) expected.push(await alone.forward(input, options));
      const got = await Promise.all(inputs.map((input) => model.forward(input, options)));
      expect(got).toEqual(expected);
      expect(largestBatch(model)).toBeGreaterThan(3);
      expect(largestBatch(model)).toBeLessThanOrEqual(8);
    },
  );

  test("in bfloat16 too, and in networks that libtorch's operators run", async () => {
    for (const options of [{ dtype: 'bfloat16' as const }, { hiddenAct: 'gelu' }]) {
      const { dtype, ...rest } = { dtype: undefined, ...options };
      const of = (batching: BatchingOptions | false) =>
        BitForImageClassification.fromConfig(config.with(rest), { dtype, seed: 3, batching });
      await using alone = await of(false);
      await using model = await of({ maxDelayMs: 20 });
      const inputs = Array.from({ length: 12 }, (_, i) => pixels(i));
      const expected = [];
      for (const input of inputs) expected.push((await alone.forward(input)).logits.data);
      const got = await Promise.all(inputs.map((input) => model.forward(input)));
      expect(got.map(({ logits }) => logits.data)).toEqual(expected);
    }
  });

  test('have losses, and errors, of their own', async () => {
    await using model = await classifier({ maxDelayMs: 20 });
    const labelled = (labels: number[]) => model.forward({ pixelValues: pixels(1), labels });
    const alone = await labelled([2]);
    const [first, wrong, second] = await Promise.allSettled([
      labelled([2]),
      labelled([99]),
      labelled([4]),
    ]);
    expect(first).toMatchObject({ status: 'fulfilled', value: alone });
    expect(wrong).toMatchObject({ status: 'rejected', reason: { code: 'ERR_BIT_SHAPE' } });
    expect(second.status).toBe('fulfilled');
    expect(largestBatch(model)).toBe(3);
  });

  test('go on when one of them is aborted', async () => {
    await using model = await classifier({ maxDelayMs: 20 });
    const controller = new AbortController();
    const expected = (await model.forward(pixels(1, 1, 200))).logits.data;
    const calls = Array.from({ length: 6 }, (_, i) =>
      model.forward(pixels(1, 1, 200), i % 2 ? { signal: controller.signal } : {}),
    );
    setTimeout(() => controller.abort(new Error('enough')), 25);
    const ends = await Promise.allSettled(calls);
    for (const [i, end] of ends.entries()) {
      if (i % 2 === 0) expect(end).toMatchObject({ value: { logits: { data: expected } } });
    }
  });

  test('of full size go alone', async () => {
    await using model = await classifier({ maxBatch: 4, maxDelayMs: 10_000 });
    await model.forward(pixels(1, 4));
    await model.forward(pixels(1, 6));
    expect(model.stats().batches).toEqual([
      { images: 4, count: 1 },
      { images: 6, count: 1 },
    ]);
    // Four that fill a batch wait no longer, either.
    await Promise.all([1, 2, 3, 4].map((seed) => model.forward(pixels(seed))));
    expect(model.stats().batches[0]).toEqual({ images: 4, count: 2 });
  });
});

describe('a full queue', () => {
  test('rejects at once; every other call is answered', async () => {
    await using model = await classifier({ maxQueue: 10 });
    const expected = (await model.forward(pixels(1))).logits.data;
    const running = model.forward(pixels(1, 1, 1500));
    let rejectedInTurn = 0;
    const calls = Array.from({ length: 200 }, () => {
      const call = model.forward(pixels(1));
      call.catch(() => rejectedInTurn++);
      return call;
    });
    await Promise.resolve();
    await new Promise((resolve) => process.nextTick(resolve));
    const seen = rejectedInTurn;
    const ends = await Promise.allSettled(calls);
    await running;
    const answered = ends.filter(({ status }) => status === 'fulfilled');
    for (const end of answered)
      expect((end as PromiseFulfilledResult<{ logits: Tensor }>).value.logits.data).toEqual(
        expected,
      );
    const refused = ends.filter(({ status }) => status === 'rejected');
    for (const end of refused)
      expect(end).toMatchObject({ reason: { name: 'BitError', code: 'ERR_BIT_OVERLOADED' } });
    expect(refused.length).toBeGreaterThan(0);
    // All of them before the event loop turned.
    expect(seen).toBe(refused.length);
    expect(model.stats().calls).toMatchObject({
      completed: 2 + answered.length,
      rejected: refused.length,
    });
  });
});

test('calls of a higher priority start first, others in their order', async () => {
  await using model = await classifier(false);
  const order: string[] = [];
  const call = (name: string, priority: number, side = 40) =>
    model.forward(pixels(1, 1, side), { priority }).then(() => order.push(name));
  const calls = [call('running', 0, 1500)];
  calls.push(call('a', 0), call('low', -1), call('b', 0), call('high', 5), call('higher', 6));
  await Promise.all(calls);
  expect(order).toEqual(['running', 'higher', 'high', 'a', 'b', 'low']);
});

describe('cancelling', () => {
  test('takes a waiting call out of the queue at once', async () => {
    await using model = await BitModel.fromConfig(new BitConfig({ depths: [1, 1, 1, 1] }));
    const running = model.forward(pixels(1, 8, 448));
    const controller = new AbortController();
    const calls = Array.from({ length: 50 }, () =>
      model.forward(pixels(1), { signal: controller.signal }),
    );
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(model.stats().queue).toEqual({ waiting: 50, running: 1 });
    controller.abort();
    expect(model.stats()).toMatchObject({
      queue: { waiting: 0, running: 1 },
      calls: { cancelled: 50 },
    });
    await Promise.allSettled(calls);
    expect((await running).poolerOutput.shape).toEqual([8, 2048, 1, 1]);
  });

  test('stops a running call between layers', async () => {
    await using model = await BitModel.fromConfig(new BitConfig());
    const controller = new AbortController();
    const whole = performance.now();
    await model.forward(pixels(1, 8, 224));
    const needed = performance.now() - whole;
    const call = model.forward(pixels(1, 8, 224), { signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    const aborted = performance.now();
    while (model.stats().queue.running > 0) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(performance.now() - aborted).toBeLessThan(needed / 3);
  });
});

describe('dispose', () => {
  test('waits for calls that wait, whatever their priority', async () => {
    const model = await classifier(false);
    const calls = Array.from({ length: 5 }, (_, i) => model.forward(pixels(i), { priority: -i }));
    let disposed = false;
    const disposal = model.dispose().then(() => (disposed = true));
    await Promise.race(calls);
    expect(disposed).toBe(false);
    await Promise.all(calls);
    expect(disposed).toBe(false);
    await disposal;
  });

  test('stops them when asked, even after a dispose that waits', async () => {
    const model = await BitModel.fromConfig(new BitConfig());
    const calls = Array.from({ length: 20 }, () => model.forward(pixels(1, 4, 224)));
    const disposal = model.dispose();
    expect(model.dispose({ cancel: true })).toBe(disposal);
    for (const end of await Promise.allSettled(calls))
      expect(end).toMatchObject({ status: 'rejected', reason: { code: 'ERR_BIT_DISPOSED' } });
    await disposal;
    expect(() => model.stats()).toThrow(expect.objectContaining({ code: 'ERR_BIT_DISPOSED' }));
  });
});

describe('options', () => {
  test.each([
    ['batching', 3],
    ['batching', true],
    ['maxBatch', { maxBatch: 0 }],
    ['maxBatch', { maxBatch: 2.5 }],
    ['maxDelayMs', { maxDelayMs: -1 }],
    ['maxDelayMs', { maxDelayMs: Infinity }],
    ['maxQueue', { maxQueue: 0 }],
    ['maxQueue', { maxQueue: '3' }],
    ['batching', []],
  ])('%s: %j is refused by name', async (name, batching) => {
    await expect(classifier(batching as never)).rejects.toMatchObject({
      code: 'ERR_BIT_CONFIG',
      message: expect.stringContaining(`for ${name} but`),
    });
  });

  test('a misspelt one is refused, and nothing done', async () => {
    await expect(classifier({ maxbatch: 3 } as never)).rejects.toThrow(
      "Unknown option 'maxbatch' (did you mean 'maxBatch'?); the options are maxBatch, maxDelayMs, maxQueue",
    );
    await using model = await classifier();
    await expect(model.forward(pixels(1), { labels: [1] } as never)).rejects.toMatchObject({
      code: 'ERR_BIT_CONFIG',
      message: expect.stringContaining("'labels'"),
    });
    expect(() => model.dispose({ cancle: true } as never)).toThrow("'cancle'");
    await model.forward(pixels(1));
  });

  test('priority and cancel are checked', async () => {
    await using model = await classifier();
    await expect(model.forward(pixels(1), { priority: 1.5 })).rejects.toMatchObject({
      code: 'ERR_BIT_CONFIG',
    });
    expect(() => model.dispose({ cancel: 1 as never })).toThrow(/cancel/);
  });
});
