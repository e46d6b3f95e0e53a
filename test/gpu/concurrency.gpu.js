// Many calls in flight: each gets its own answer, whatever goes on beside it.
'use strict';

const assert = require('node:assert/strict');
const { Worker } = require('node:worker_threads');
const { assertClose, relativeError } = require('./support/closeness');
const { CARDS, EXACT, ON_CPU, gpuTest } = require('./support/gpu');
const { SMALL, logitsOf, makeModel, noise, withModel } = require('./support/models');

const SHAPES = [
  [1, 3, 64, 64],
  [8, 3, 64, 64],
  [3, 3, 50, 77],
  [1, 3, 224, 224],
  [17, 3, 33, 33],
];
/** Different answers must be further apart than right ones may be. */
const APART = 1e-2;

/** Inputs with the CPU's answers, several of each shape. */
async function questions(each) {
  const inputs = Array.from({ length: each }, (_, i) =>
    SHAPES.map((shape, j) => noise(shape, 1 + i * SHAPES.length + j)),
  ).flat();
  return withModel(SMALL, ON_CPU, async (cpu) => {
    const asked = [];
    for (const pixels of inputs) asked.push({ pixels, expected: await logitsOf(cpu, pixels) });
    return asked;
  });
}

gpuTest('two hundred calls of mixed shapes in flight', async () => {
  const asked = await questions(8);
  assert.ok(relativeError(asked[0].expected, asked[SHAPES.length].expected) > APART);
  await withModel(SMALL, EXACT, async (gpu) => {
    const calls = Array.from({ length: 200 }, (_, i) => asked[(i * 7) % asked.length]);
    await Promise.all(
      calls.map(async ({ pixels, expected }, i) =>
        assertClose(await logitsOf(gpu, pixels), expected, `call ${i}`),
      ),
    );
  });
});

gpuTest('two models at once, one of them on the CPU', async () => {
  const asked = await questions(2);
  const models = await Promise.all([
    makeModel(SMALL, EXACT),
    makeModel(SMALL, EXACT),
    makeModel(SMALL, ON_CPU),
  ]);
  await Promise.all(
    asked.flatMap(({ pixels, expected }) =>
      models.map(async (model) =>
        assertClose(await logitsOf(model, pixels), expected, `logits on ${model.device}`),
      ),
    ),
  );
  await Promise.all(models.map((model) => model.dispose()));
});

gpuTest('cancelled calls reject, those beside them are right', async () => {
  const asked = await questions(2);
  await withModel(SMALL, EXACT, async (gpu) => {
    const outcomes = await Promise.all(
      Array.from({ length: 60 }, async (_, i) => {
        const { pixels, expected } = asked[i % asked.length];
        const controller = new AbortController();
        const reason = new Error(`call ${i} is not wanted`);
        const call = gpu.forward(pixels, { signal: controller.signal });
        if (i % 3 === 0) controller.abort(reason);
        try {
          assertClose((await call).logits, expected, `call ${i}`);
          return 'answered';
        } catch (error) {
          if (error !== reason) throw error;
          return 'cancelled';
        }
      }),
    );
    assert.equal(outcomes.filter((outcome) => outcome === 'cancelled').length, 20);
  });
});

gpuTest('dispose waits for what is in flight, and later calls are told', async () => {
  const [{ pixels, expected }] = await questions(1);
  const gpu = await makeModel(SMALL, EXACT);
  const calls = Array.from({ length: 20 }, () => logitsOf(gpu, pixels));
  await gpu.dispose();
  for (const found of await Promise.all(calls)) assertClose(found, expected, 'logits');
  await assert.rejects(gpu.forward(pixels), { code: 'ERR_BIT_DISPOSED' });
});

gpuTest('a worker thread can end while its calls run', async () => {
  const script = `
    const { SMALL, makeModel, noise } = require(${JSON.stringify(require.resolve('./support/models'))});
    const { parentPort } = require('node:worker_threads');
    makeModel(SMALL, { device: 'cuda' }).then((model) => {
      for (let i = 0; i < 50; i++) model.forward(noise([8, 3, 64, 64], i)).catch(() => {});
      parentPort.postMessage('running');
    });`;
  for (let i = 0; i < 3; i++) {
    const worker = new Worker(script, { eval: true });
    await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    await worker.terminate();
  }
  const [{ pixels, expected }] = await questions(1);
  await withModel(SMALL, EXACT, async (gpu) =>
    assertClose(await logitsOf(gpu, pixels), expected, 'logits afterwards'),
  );
});

gpuTest('cuda:all shares calls and batches out', async () => {
  const asked = await questions(4);
  await withModel(SMALL, { ...EXACT, device: 'cuda:all' }, async (gpus) => {
    await Promise.all(
      asked.map(async ({ pixels, expected }, i) =>
        assertClose(await logitsOf(gpus, pixels), expected, `call ${i}`),
      ),
    );
  });
});

gpuTest(
  'every card gives the same',
  async () => {
    const [{ pixels, expected }] = await questions(1);
    for (let card = 0; card < CARDS; card++) {
      await withModel(SMALL, { ...EXACT, device: `cuda:${card}` }, async (gpu) => {
        assert.equal(gpu.device, `cuda:${card}`);
        assertClose(await logitsOf(gpu, pixels), expected, `logits of card ${card}`);
      });
    }
  },
  CARDS < 2 && 'there is one card alone',
);
