// Recorded runs: a shape's first call, the one that records it, and replays all give the same.
'use strict';

const { assertClose } = require('./support/closeness');
const { EXACT, ON_CPU, gpuTest } = require('./support/gpu');
const { SMALL, logitsOf, noise, withModel } = require('./support/models');

/** More shapes than are remembered (native/runtime/cuda/graph_cache.cpp keeps 64). */
const MANY_SHAPES = 70;

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
