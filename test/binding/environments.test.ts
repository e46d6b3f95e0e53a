// Several JavaScript environments in one process, and none of them waiting for another.
import { runScript } from '../support/child';

const WORKERS = `
const { Worker } = require('node:worker_threads');
const ROOT = ${JSON.stringify(process.cwd())};
const code = \`
  const { parentPort, workerData } = require('node:worker_threads');
  const { BitConfig, BitForImageClassification, Tensor } = require(workerData.root);
  (async () => {
    const config = new BitConfig({ embeddingSize: 32, hiddenSizes: [64, 128], depths: [1, 2], numGroups: 8 });
    const model = await BitForImageClassification.fromConfig(config, { seed: 1 });
    const pixels = Tensor.from(new Float32Array(3 * 64 * 64).fill(0.5), [1, 3, 64, 64]);
    parentPort.postMessage('ready');
    for (let i = 0; i < workerData.calls; i++) {
      const { logits } = await model.forward(pixels);
      if (i === 0) parentPort.postMessage([...logits.data]);
    }
  })();
\`;
const start = (calls) => new Worker(code, { eval: true, workerData: { root: ROOT, calls } });
const ends = (worker) => new Promise((resolve) => worker.once('exit', resolve));
`;

test('several workers load the addon and give the same numbers', async () => {
  const script = `${WORKERS}
    const answers = [];
    const workers = [start(1), start(1), start(1)];
    for (const worker of workers)
      worker.on('message', (value) => value !== 'ready' && answers.push(value));
    Promise.all(workers.map(ends)).then((codes) => {
      const texts = new Set(answers.map((answer) => answer.join()));
      print({ codes, answers: answers.length, different: texts.size });
    });`;
  expect(await runScript(script)).toEqual({ codes: [0, 0, 0], answers: 3, different: 1 });
});

test('a worker may end with work in flight, time and again', async () => {
  const script = `${WORKERS}
    (async () => {
      for (let i = 0; i < 5; i++) {
        const worker = start(1000);
        await new Promise((resolve) => worker.once('message', resolve));
        await worker.terminate();
      }
      const classify = await bigtransfer.pipeline('image-classification');
      const [best] = await classify('examples/pictures/boat.jpg');
      print(best.label);
    })();`;
  expect(await runScript(script)).toBe('boat');
});

test('the process may end with work in flight', async () => {
  const script = `
    const { BitConfig, BitModel, Tensor } = bigtransfer;
    BitModel.fromConfig(new BitConfig({ depths: [1, 1, 1, 1] })).then((model) => {
      for (let i = 0; i < 4; i++)
        model.forward(Tensor.from(new Float32Array(3 * 224 * 224), [1, 3, 224, 224]));
      setTimeout(() => { print('left'); process.exit(0); }, 20);
    });`;
  expect(await runScript(script)).toBe('left');
});

describe('while a model computes', () => {
  /** Prints how often `tick` came round during forwards, by a clock of its own. */
  const during = (tick: string) => `
    const { BitConfig, BitModel, Tensor } = bigtransfer;
    const { readFile } = require('node:fs/promises');
    const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    (async () => {
      const model = await BitModel.fromConfig(new BitConfig(), { threads: 1 });
      const pixels = Tensor.from(new Float32Array(3 * 224 * 224), [1, 3, 224, 224]);
      const calls = Array.from({ length: 4 }, () => model.forward(pixels));
      let running = true;
      const all = Promise.all(calls).then(() => { running = false; });
      let ticks = 0;
      for (; running; ticks++) { ${tick} }
      await all;
      print(ticks);
    })();`;

  test('the event loop turns', async () => {
    expect(await runScript(during('await wait(1);'))).toBeGreaterThan(20);
  });

  test("libuv's pool is free, even when it has one thread", async () => {
    const script = during("await readFile('package.json');");
    const env = { UV_THREADPOOL_SIZE: '1' };
    expect(await runScript(script, { env })).toBeGreaterThan(20);
  });
});
