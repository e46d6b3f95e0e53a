// Recorded runs: a shape's first call, the one that records it, and replays all give the same.
'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const { BitImageProcessor } = require('../..');
const { assertClose } = require('./support/closeness');
const { EXACT, ON_CPU, gpuTest } = require('./support/gpu');
const { R50X1, SMALL, logitsOf, makeModel, noise, withModel } = require('./support/models');

/** More shapes than are remembered (native/runtime/recordings.cpp keeps 64). */
const MANY_SHAPES = 70;

const PICTURES = ['boat.jpg', 'cat.jpg', 'coffee.jpg'].map((file) =>
  path.join(__dirname, '..', '..', 'examples', 'pictures', file),
);

/** A shape that no other call of the test has. */
const newShape = (i) => [1, 3, 33 + (i % 40), 40 + Math.floor(i / 40)];

const onBoth = (fields, body) =>
  withModel(fields, ON_CPU, (cpu) => withModel(fields, EXACT, (gpu) => body(gpu, cpu)));

gpuTest('the first five calls of a shape are equal', async () => {
  await onBoth(SMALL, async (gpu, cpu) => {
    for (const shape of [
      [1, 3, 64, 64],
      [5, 3, 75, 50],
    ]) {
      const pixels = noise(shape, 1);
      const expected = await logitsOf(cpu, pixels);
      for (const call of ['first', 'second', 'third', 'fourth', 'fifth'])
        assertClose(await logitsOf(gpu, pixels), expected, `the ${call} call's logits`);
    }
  });
});

gpuTest('a replay answers its own input, and keeps the answers of those before', async () => {
  await onBoth(SMALL, async (gpu, cpu) => {
    const inputs = [1, 2, 3].map((seed) => noise([2, 3, 64, 64], seed));
    const answers = [];
    for (let round = 0; round < 3; round++) {
      for (const pixels of inputs) answers.push(await logitsOf(gpu, pixels));
    }
    for (const [i, found] of answers.entries()) {
      const expected = await logitsOf(cpu, inputs[i % inputs.length]);
      assertClose(found, expected, `answer ${i}`);
    }
  });
});

gpuTest('one shape with and without hidden states', async () => {
  await onBoth(SMALL, async (gpu, cpu) => {
    const pixels = noise([2, 3, 64, 64], 4);
    const expected = await cpu.forward(pixels, { outputHiddenStates: true });
    for (let call = 0; call < 6; call++) {
      const outputHiddenStates = call % 2 === 0;
      const found = await gpu.forward(pixels, { outputHiddenStates });
      assertClose(found.logits, expected.logits, `call ${call}`);
      if (!outputHiddenStates) continue;
      expected.hiddenStates.forEach((state, i) =>
        assertClose(found.hiddenStates[i], state, `call ${call}, state ${i}`),
      );
    }
  });
});

gpuTest('more shapes than are remembered, and the first ones again', async () => {
  await onBoth(SMALL, async (gpu, cpu) => {
    const shapes = Array.from({ length: MANY_SHAPES }, (_, i) => [1, 3, 33 + i, 40]);
    const again = [...shapes.flatMap((shape) => [shape, shape]), ...shapes.slice(0, 5)];
    for (const [i, shape] of again.entries()) {
      const pixels = noise(shape, i);
      assertClose(await logitsOf(gpu, pixels), await logitsOf(cpu, pixels), shape.join('x'));
    }
  });
});

/** Calls `each` until `main` is through; fails when one of the calls does. */
async function meanwhile(main, each) {
  let ended = false;
  const others = (async () => {
    for (let i = 0; !ended; i++) await each(i);
  })();
  try {
    await main();
  } finally {
    ended = true;
  }
  await others;
}

gpuTest('shapes are recorded while others are replayed and their results dropped', async () => {
  await onBoth(SMALL, async (gpu, cpu) => {
    const pixels = noise([2, 3, 64, 64], 1);
    const expected = await logitsOf(cpu, pixels);
    const record = async () => {
      for (let i = 0; i < 500; i++) {
        const other = noise(newShape(i), i);
        await logitsOf(gpu, other);
        await logitsOf(gpu, other);
      }
    };
    // Large results, of which most are garbage at once.
    const replay = async (i) => {
      const { logits } = await gpu.forward(pixels, { outputHiddenStates: true });
      if (i % 10 === 0) assertClose(logits, expected, `replay ${i}`);
    };
    await meanwhile(record, replay);
  });
});

gpuTest('pictures in flight while shapes are recorded: the CPU’s values, bit for bit', async () => {
  const processor = new BitImageProcessor();
  const { pixelValues: expected } = await processor.preprocess(PICTURES, { device: 'cpu' });
  await withModel(SMALL, EXACT, async (gpu) => {
    const record = async () => {
      for (let i = 0; i < 60; i++) {
        const pixels = noise(newShape(i), i);
        await logitsOf(gpu, pixels);
        await logitsOf(gpu, pixels);
      }
    };
    await meanwhile(record, async () => {
      const calls = Array.from({ length: 40 }, () =>
        processor.preprocess(PICTURES, { device: 'cuda' }),
      );
      for (const { pixelValues } of await Promise.all(calls))
        assert.deepEqual(pixelValues.data, expected.data);
    });
  });
});

gpuTest('seventeen models alive, all of them recording', async () => {
  const pixels = noise([2, 3, 64, 64], 1);
  const expected = await withModel(SMALL, ON_CPU, (cpu) => logitsOf(cpu, pixels));
  const models = await Promise.all(Array.from({ length: 17 }, () => makeModel(SMALL, EXACT)));
  try {
    for (let call = 0; call < 4; call++) {
      const answers = await Promise.all(models.map((model) => logitsOf(model, pixels)));
      answers.forEach((found, i) => assertClose(found, expected, `call ${call} of model ${i}`));
    }
  } finally {
    await Promise.all(models.map((model) => model.dispose()));
  }
});

gpuTest('models are loaded and let go beside one that records', async () => {
  await onBoth(SMALL, async (gpu, cpu) => {
    const record = async () => {
      for (let i = 0; i < 100; i++) {
        const pixels = noise(newShape(i), i);
        await logitsOf(gpu, pixels);
        assertClose(await logitsOf(gpu, pixels), await logitsOf(cpu, pixels), `shape ${i}`);
      }
    };
    await meanwhile(record, () =>
      withModel(SMALL, EXACT, (other) => logitsOf(other, noise([1, 3, 64, 64], 1))),
    );
  });
});

/** Looking for the best kernels of a shape on one thread takes some tenths of a second. */
const FIRST_CALLS_MILLISECONDS = 20_000;

gpuTest('first calls of many batch sizes at once do not look for kernels', async () => {
  await withModel(R50X1, { device: 'cuda', dtype: 'bfloat16' }, async (model) => {
    await logitsOf(model, noise([1, 3, 64, 64], 1));
    const batches = Array.from({ length: 32 }, (_, i) => noise([i + 1, 3, 224, 224], i));
    const began = performance.now();
    const answers = await Promise.all(batches.map((pixels) => logitsOf(model, pixels)));
    const taken = performance.now() - began;
    answers.forEach(({ shape }, i) => assert.deepEqual(shape, [i + 1, 1000]));
    assert.ok(taken < FIRST_CALLS_MILLISECONDS, `${taken} ms`);
  });
});

gpuTest('networks that take libtorch’s operators: repeated calls are equal too', async () => {
  const others = [
    { ...SMALL, layerType: 'bottleneck' },
    { ...SMALL, hiddenAct: 'gelu' },
    { ...SMALL, globalPadding: 'SAME', embeddingDynamicPadding: true },
  ];
  for (const fields of others) {
    await onBoth(fields, async (gpu, cpu) => {
      for (let call = 0; call < 4; call++) {
        const pixels = noise([2, 3, 61, 64], call);
        assertClose(await logitsOf(gpu, pixels), await logitsOf(cpu, pixels), `call ${call}`);
      }
    });
  }
});
