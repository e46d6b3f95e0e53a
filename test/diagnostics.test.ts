// Channels, spans and the log: what those who listen hear.
import { channel, tracingChannel } from 'node:diagnostics_channel';
import { BitConfig, BitForImageClassification, Tensor, type ForwardSpan } from '../lib';
import { runScript } from './support/child';

const config = new BitConfig({ embeddingSize: 8, hiddenSizes: [16], depths: [1], numGroups: 4 });
const pixels = Tensor.from(new Float32Array(3 * 32 * 32), [1, 3, 32, 32]);

/** What `name` carries while `work` runs. */
async function heard(name: string, work: () => Promise<unknown>): Promise<unknown[]> {
  const messages: unknown[] = [];
  const listen = (message: unknown) => messages.push(message);
  channel(name).subscribe(listen);
  await work().finally(() => channel(name).unsubscribe(listen));
  return messages;
}

const load = () =>
  BitForImageClassification.fromConfig(config, { batching: { maxDelayMs: 20 }, seed: 1 });

test('bigtransfer:load tells of models', async () => {
  const messages = await heard('bigtransfer:load', async () => (await load()).dispose());
  expect(messages).toEqual([
    {
      model: 'BitForImageClassification',
      source: null,
      device: 'cpu',
      dtype: 'float32',
      milliseconds: expect.any(Number),
    },
  ]);
});

test('bigtransfer:load tells how long it took, and what a model came from', async () => {
  const start = performance.now();
  const messages = await heard('bigtransfer:load', async () =>
    (await BitForImageClassification.fromPretrained('bit-mini-scenes')).dispose(),
  );
  const all = performance.now() - start;
  const [{ milliseconds }] = messages as [{ milliseconds: number }];
  expect(milliseconds).toBeGreaterThan(0);
  expect(milliseconds).toBeLessThanOrEqual(all);
  const came = { model: 'BitForImageClassification', source: 'bit-mini-scenes' };
  expect(messages).toEqual([{ ...came, device: 'cpu', dtype: 'float32', milliseconds }]);
});

test('each load is a span of the tracing channel bigtransfer:load', async () => {
  const spans = await heard('tracing:bigtransfer:load:start', async () => {
    await (await load()).dispose();
    await (await BitForImageClassification.fromPretrained('bit-mini-scenes')).dispose();
  });
  const model = 'BitForImageClassification';
  expect(spans).toEqual([
    expect.objectContaining({ model, source: null }),
    expect.objectContaining({ model, source: 'bit-mini-scenes' }),
  ]);
});

test('bigtransfer:batch tells of each batch once', async () => {
  await using model = await load();
  const messages = await heard('bigtransfer:batch', () =>
    Promise.all([1, 2, 3].map(() => model.forward(pixels))),
  );
  expect(messages).toEqual([
    {
      model: 'BitForImageClassification',
      calls: 3,
      images: 3,
      queuedMs: expect.any(Number),
      computedMs: expect.any(Number),
    },
  ]);
});

test('a batch whose first call fails is told of by the next', async () => {
  await using model = await load();
  const messages = await heard('bigtransfer:batch', () =>
    Promise.allSettled([
      model.forward({ pixelValues: pixels, labels: [99] }),
      model.forward(pixels),
      model.forward(pixels),
    ]),
  );
  expect(messages).toEqual([expect.objectContaining({ calls: 3, images: 3 })]);
});

test('bigtransfer:error tells of failures, not of aborts', async () => {
  await using model = await load();
  const messages = await heard('bigtransfer:error', () =>
    Promise.allSettled([
      model.forward(Tensor.from(new Float32Array(4), [1, 1, 2, 2])),
      model.forward(pixels, { signal: AbortSignal.abort() }),
      model.forward(pixels, { priority: 'x' as never }),
      model.forward({ pixelValues: pixels, labels: ['a'] as never }),
      BitForImageClassification.fromConfig(config, { device: 'cuda:77' }),
      BitForImageClassification.fromPretrained('/nowhere/at/all'),
    ]),
  );
  expect(messages).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        operation: 'forward',
        error: expect.objectContaining({ code: 'ERR_BIT_SHAPE' }),
      }),
      expect.objectContaining({
        operation: 'load',
        error: expect.objectContaining({ code: 'ERR_BIT_DEVICE' }),
      }),
    ]),
  );
  expect(messages).toHaveLength(5);
});

test('bigtransfer:error does not tell of calls that dispose({ cancel: true }) stopped', async () => {
  const model = await load();
  const messages = await heard('bigtransfer:error', () =>
    Promise.allSettled([model.forward(pixels), model.dispose({ cancel: true })]),
  );
  expect(messages).toEqual([]);

  const late = await heard('bigtransfer:error', () => Promise.allSettled([model.forward(pixels)]));
  expect(late).toEqual([
    expect.objectContaining({ error: expect.objectContaining({ code: 'ERR_BIT_DISPOSED' }) }),
  ]);
});

test('each call is a span of the tracing channel bigtransfer:forward', async () => {
  await using model = await load();
  const events: string[] = [];
  let ended: ForwardSpan | undefined;
  const log = (name: string) => () => void events.push(name);
  const handlers = {
    start: log('start'),
    end: log('end'),
    asyncStart: log('asyncStart'),
    asyncEnd: (span: ForwardSpan) => {
      events.push('asyncEnd');
      ended = span;
    },
    error: log('error'),
  };
  const spans = tracingChannel<unknown, ForwardSpan>('bigtransfer:forward');
  spans.subscribe(handlers);
  await model.forward(pixels, { priority: 2 });
  spans.unsubscribe(handlers);
  expect(events).toEqual(['start', 'end', 'asyncStart', 'asyncEnd']);
  expect(ended).toMatchObject({
    model: 'BitForImageClassification',
    shape: [1, 3, 32, 32],
    priority: 2,
    queuedMs: expect.any(Number),
    computedMs: expect.any(Number),
    batchImages: 1,
  });
});

test('profile() is told of as forward() is', async () => {
  await using model = await load();
  const spans = await heard('tracing:bigtransfer:forward:start', () => model.profile(pixels));
  expect(spans).toEqual([expect.objectContaining({ shape: [1, 3, 32, 32], priority: 0 })]);
  const wrong = Tensor.from(new Float32Array(4), [1, 1, 2, 2]);
  const messages = await heard('bigtransfer:error', () =>
    Promise.allSettled([
      model.profile(wrong),
      model.profile(pixels, { signal: AbortSignal.abort() }),
    ]),
  );
  expect(messages).toEqual([
    expect.objectContaining({
      operation: 'forward',
      error: expect.objectContaining({ code: 'ERR_BIT_SHAPE' }),
    }),
  ]);
});

test('NODE_DEBUG=bigtransfer writes a log', async () => {
  const script = `
    const write = process.stderr.write.bind(process.stderr);
    let log = '';
    process.stderr.write = (text) => { log += text; return true; };
    bigtransfer.pipeline('image-classification').then(async (classify) => {
      await classify('examples/pictures/boat.jpg');
      setTimeout(() => print(log), 10);
    });`;
  const quiet = await runScript<string>(script, { env: { NODE_DEBUG: '' } });
  expect(quiet).toBe('');
  const log = await runScript<string>(script, { env: { NODE_DEBUG: 'bigtransfer' } });
  expect(log).toMatch(/BIGTRANSFER \d+: BitForImageClassification .*bit-mini-scenes: cpu, float32/);
  expect(log).toMatch(/1 calls, 1 images/);
});

test('stats() add up', async () => {
  await using model = await load();
  expect(model.stats()).toMatchObject({
    queue: { waiting: 0, running: 0 },
    calls: { completed: 0, failed: 0, cancelled: 0, rejected: 0 },
    batches: [],
    latency: { meanMs: 0, p50Ms: 0, p99Ms: 0 },
  });
  await Promise.all([1, 2, 3, 4].map(() => model.forward(pixels)));
  await model.forward(Tensor.from(new Float32Array(4), [1, 1, 2, 2])).catch(() => undefined);
  const { calls, batches, latency, memory } = model.stats();
  expect(calls).toEqual({ completed: 4, failed: 1, cancelled: 0, rejected: 0 });
  // The one that fails ran too; on a busy machine a batch may go before all calls are there.
  expect(batches.reduce((sum, { images, count }) => sum + images * count, 0)).toBe(5);
  expect(latency.buckets.reduce((sum, { count }) => sum + count, 0)).toBe(4);
  expect(latency.meanMs).toBeGreaterThan(0);
  expect(latency.p99Ms).toBeGreaterThanOrEqual(latency.p50Ms);
  expect(latency.buckets.at(-1)?.upToMs).toBe(Infinity);
  expect(memory.bytes).toBeGreaterThan(1000);
});
