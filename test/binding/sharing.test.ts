// One copy of the weights for several threads, and its life.
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, runScript } from '../support/child';
import { temporaryFolder } from '../support/temporary';

const folder = temporaryFolder();

const PRELUDE = `
const { Worker } = require('node:worker_threads');
const { BitBackbone, BitConfig, BitForImageClassification, Tensor } = bigtransfer;
const fields = { embeddingSize: 32, hiddenSizes: [64, 128], depths: [1, 2], numGroups: 8 };
const config = new BitConfig(fields);
const pixels = Tensor.from(new Float32Array(3 * 64 * 64).fill(0.5), [1, 3, 64, 64]);
const code = \`
  const { parentPort, workerData } = require('node:worker_threads');
  const { BitForImageClassification, Tensor } = require(workerData.root);
  (async () => {
    const model = await BitForImageClassification.fromShared(workerData.handle);
    const pixels = Tensor.from(new Float32Array(3 * 64 * 64).fill(0.5), [1, 3, 64, 64]);
    parentPort.postMessage({ opened: true, labels: model.config.id2label });
    parentPort.once('message', async () => {
      const { logits } = await model.forward(pixels);
      parentPort.postMessage({ logits: [...logits.data] });
      for (let i = 0; i < workerData.calls; i++) model.forward(pixels).catch(() => {});
      if (workerData.fails) throw new Error('uncaught');
      if (workerData.calls === 0) { await model.dispose(); parentPort.close(); }
    });
  })();
\`;
const start = (handle, rest = {}) => new Worker(code, { eval: true, workerData:
  { root: ${JSON.stringify(process.cwd())}, handle, calls: 0, ...rest } });
const message = (worker) => new Promise((resolve) => worker.once('message', resolve));
const exit = (worker) => new Promise((resolve) => worker.once('exit', resolve));
const load = () => BitForImageClassification.fromConfig(config, { seed: 1 });
`;
const run = (body: string, flags?: string[]) =>
  runScript(`${PRELUDE}(async () => {${body}})();`, { flags });

test('a worker opens what another thread shares, and outlives it', async () => {
  const body = `
    const model = await load();
    const expected = [...(await model.forward(pixels)).logits.data];
    const workers = [start(model.share()), start(model.share())];
    const exits = workers.map(exit);
    const opened = await Promise.all(workers.map(message));
    await model.dispose();
    for (const worker of workers) worker.postMessage('go');
    const answers = await Promise.all(workers.map(message));
    const codes = await Promise.all(exits);
    print({ labels: opened[0].labels, same: answers.every((a) => a.logits.join() === expected.join()), codes });`;
  expect(await run(body)).toEqual({
    labels: { 0: 'LABEL_0', 1: 'LABEL_1' },
    same: true,
    codes: [0, 0],
  });
});

test('there is one copy: opening costs no memory', async () => {
  const body = `
    const model = await BitForImageClassification.fromConfig(new BitConfig(), { seed: 1 });
    const rss = () => process.memoryUsage.rss() / 2 ** 20;
    const before = rss();
    const opened = [];
    for (let i = 0; i < 50; i++) opened.push(await BitForImageClassification.fromShared(model.share()));
    const more = rss() - before;
    await Promise.all(opened.map((each) => each.dispose()));
    print({ megabytes: model.stats().memory.bytes / 2 ** 20, more });`;
  const { megabytes, more } = (await run(body)) as { megabytes: number; more: number };
  expect(megabytes).toBeGreaterThan(90);
  expect(more).toBeLessThan(20);
});

test('a worker may be terminated or fail with calls in flight; the weights stay', async () => {
  const body = `
    const model = await load();
    const before = [...(await model.forward(pixels)).logits.data];
    for (let i = 0; i < 6; i++) {
      const worker = start(model.share(), { calls: 300, fails: i % 2 === 1 });
      const exited = exit(worker);
      worker.on('error', () => undefined);
      await message(worker);
      worker.postMessage('go');
      await message(worker);
      if (i % 2 === 0) await worker.terminate();
      else await exited;
    }
    const after = [...(await model.forward(pixels)).logits.data];
    const { waiting, running } = model.stats().queue;
    await model.dispose();
    print({ same: before.join() === after.join(), waiting, running });`;
  expect(await run(body)).toEqual({ same: true, waiting: 0, running: 0 });
});

test('a handle of what is gone, of another class or process, and no handle are refused', async () => {
  const body = `
    const model = await load();
    const handle = model.share();
    const edited = (token) => token.slice(0, -1) + (token.endsWith('0') ? '1' : '0');
    const code = (promise) => promise.then(() => 'opened', (error) => [error.name, error.code]);
    const codes = [
      await code(BitBackbone.fromShared(handle)),
      await code(BitForImageClassification.fromShared({ ...handle, process: 1 })),
      await code(BitForImageClassification.fromShared({ ...handle, token: edited(handle.token) })),
      await code(BitForImageClassification.fromShared(null)),
      await code(BitForImageClassification.fromShared({})),
      await code(BitForImageClassification.fromShared({ ...handle, token: 0.5 })),
      await code(BitForImageClassification.fromShared({ ...handle, token: 'x' + handle.token.slice(1) })),
      await code(BitForImageClassification.fromShared({ ...handle, token: handle.token + '0' })),
      await code(BitForImageClassification.fromShared({ ...handle, architecture: 'BitBackbone' })),
      await code(BitBackbone.fromShared({ ...handle, architecture: 'BitBackbone' })),
    ];
    await model.dispose();
    codes.push(await code(BitForImageClassification.fromShared(handle)));
    try { model.share(); } catch (error) { codes.push([error.name, error.code]); }
    print(codes);`;
  const refused = ['BitError', 'ERR_BIT_CONFIG'];
  const gone = ['BitError', 'ERR_BIT_DISPOSED'];
  expect(await run(body)).toEqual([
    ...[refused, refused, gone, refused, refused, refused],
    ...[refused, refused, refused, refused],
    ...[gone, gone],
  ]);
});

test('a handle cannot say what the weights are of', async () => {
  const body = `
    const model = await load();
    const handle = { ...model.share(), config: { num_channels: 1 } };
    const opened = await BitForImageClassification.fromShared(handle);
    print(opened.config.numChannels);`;
  expect(await run(body)).toBe(3);
});

describe('two copies of the package in one process', () => {
  const copy = join(folder, 'copy');
  beforeAll(() => {
    mkdirSync(copy);
    for (const name of ['package.json', 'dist', 'build'])
      cpSync(join(ROOT, name), join(copy, name), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  });
  const both = (body: string) => run(`const other = require(${JSON.stringify(copy)});${body}`);

  test("refuse each other's handles, and open their own", async () => {
    const body = `
      const model = await load();
      const theirs = await other.BitForImageClassification.fromConfig(new other.BitConfig(), { seed: 2 });
      const tries = [
        () => BitForImageClassification.fromShared(theirs.share()),
        () => other.BitForImageClassification.fromShared(model.share()),
        () => BitForImageClassification.fromShared(model.share()),
        () => other.BitForImageClassification.fromShared(theirs.share()),
      ];
      const answers = [];
      for (const each of tries)
        answers.push(await each().then(() => 'opened', ({ code, message }) => [code, message]));
      print(answers);`;
    const words = expect.stringMatching(/this copy of bigtransfer/) as string;
    const refused = ['ERR_BIT_CONFIG', words];
    expect(await both(body)).toEqual([refused, refused, 'opened', 'opened']);
  });

  test('share what they load of one folder, whichever way', async () => {
    const body = `
      const model = await load();
      const esm = await import(${JSON.stringify(join(ROOT, 'dist', 'index.mjs'))});
      for (const path of Object.keys(require.cache))
        if (path.startsWith(${JSON.stringify(join(ROOT, 'dist'))})) delete require.cache[path];
      const again = require(${JSON.stringify(ROOT)});
      const opened = [];
      for (const { BitForImageClassification } of [esm, again])
        opened.push(await BitForImageClassification.fromShared(model.share()));
      print([opened.length, again.BitForImageClassification === BitForImageClassification]);`;
    expect(await run(body)).toEqual([2, false]);
  });

  test('hear of errors as their own, and add one listener', async () => {
    const body = `
      const loaded = [bigtransfer, other];
      for (let i = 0; i < 12; i++) {
        for (const path of Object.keys(require.cache))
          if (path.startsWith(${JSON.stringify(join(ROOT, 'dist'))})) delete require.cache[path];
        loaded.push(require(${JSON.stringify(ROOT)}));
      }
      const warnings = [];
      process.on('warning', ({ name }) => warnings.push(name));
      const before = process.listenerCount('exit');
      const models = [];
      for (const each of loaded)
        models.push(await each.BitForImageClassification.fromConfig(config, { seed: 1 }));
      const problems = [];
      for (const [i, model] of models.entries()) {
        const { BitError } = loaded[i];
        const tries = [
          () => model.forward(Tensor.from(new Float32Array(4), [1, 4, 1, 1])), // of a job
          () => model.forward({ pixelValues: pixels, labels: [9] }), // of a batch
          async () => { await model.dispose(); return model.forward(pixels); }, // of the call itself
        ];
        for (const each of tries)
          await each().then(() => problems.push('none'), (error) => {
            if (!(error instanceof BitError) || !/^ERR_BIT_(SHAPE|DISPOSED)$/.test(error.code))
              problems.push([i, error.code, String(error)]);
          });
      }
      await new Promise(setImmediate);
      print({ problems, warnings, listeners: process.listenerCount('exit') - before });`;
    expect(await both(body)).toEqual({ problems: [], warnings: [], listeners: 1 });
  });

  test("take each other's configs and tensors", async () => {
    const body = `
      const theirs = new other.BitConfig({ ...fields, numLabels: 3, problemType: 'regression' });
      const first = await BitForImageClassification.fromConfig(theirs, { seed: 1 });
      const second = await other.BitForImageClassification.fromConfig(theirs, { seed: 1 });
      const one = await first.forward(other.Tensor.from(pixels.data, pixels.shape));
      const two = await second.forward(pixels);
      print({
        own: first.config instanceof BitConfig,
        same: one.logits.data.join() === two.logits.data.join(),
        fields: [first.config.numLabels, first.config.problemType],
      });`;
    expect(await both(body)).toEqual({ own: true, same: true, fields: [3, 'regression'] });
  });
});

describe('a model that is collected without dispose', () => {
  test('is freed', async () => {
    const body = `
      const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
      const once = async () => {
        const model = await BitForImageClassification.fromConfig(new BitConfig(), { seed: 1 });
        return model.stats().memory.bytes;
      };
      const bytes = await once();
      for (let i = 0; i < 7; i++) { await once(); gc(); await wait(20); gc(); }
      print(process.memoryUsage.rss() / bytes);`;
    // Eight were made; libtorch itself takes as much as two.
    expect(await run(body, ['--expose-gc'])).toBeLessThan(5);
  });

  test('is collected in time: V8 knows how much it holds', async () => {
    // Small JavaScript objects, which V8 has no reason to collect but for what they hold.
    const body = `
      const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
      const collected = async (config) => {
        let count = 0;
        const registry = new FinalizationRegistry(() => count++);
        const model = await BitForImageClassification.fromConfig(config, { seed: 1 });
        for (let i = 0; i < 60; i++) {
          registry.register(await BitForImageClassification.fromShared(model.share()));
          await wait(2);
        }
        await model.dispose();
        return count;
      };
      const small = await collected(config);
      print({ small, large: await collected(new BitConfig()) });`;
    const { small, large } = (await run(body)) as Record<string, number>;
    expect(small).toBe(0);
    expect(large).toBeGreaterThan(10);
  });
});

describe('a process', () => {
  test('that only imports the package ends at once, without loading libtorch', async () => {
    const start = performance.now();
    const body = `print(require('node:fs').readFileSync('/proc/self/maps', 'utf8').includes('libtorch'));`;
    expect(await run(body)).toBe(false);
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  test('with idle models ends by itself', async () => {
    const body = `const model = await load(); await model.forward(pixels); print(model.device);`;
    expect(await run(body)).toBe('cpu');
  });
});
