// Memory that runs out, and memory that is given back.
'use strict';

const assert = require('node:assert/strict');
const { EXACT, freeMemory, gpuTest, totalMemory } = require('./support/gpu');
const { R50X1, SMALL, logitsOf, makeModel, noise } = require('./support/models');
const { onSmallCard } = require('./support/small_card');

const MEGABYTE = 2 ** 20;
/** What CUDA's libraries may keep for themselves from one use to the next. */
const KEPT = 64 * MEGABYTE;
/** Less than R50x1 in float32 takes: 25.6 million weights. */
const R50X1_BYTES = 90 * MEGABYTE;

/** Runs R50x1 as often as it takes to record it. */
async function use(model) {
  const pixels = noise([16, 3, 224, 224], 1);
  for (let i = 0; i < 3; i++) await logitsOf(model, pixels);
}

gpuTest('systemInfo() shows what the driver has', () => {
  assert.ok(freeMemory() > 0 && freeMemory() < totalMemory());
});

gpuTest('dispose gives weights, activations and recordings back to the driver', async () => {
  // Context and libraries take their memory once, and keep it.
  const first = await makeModel(R50X1, EXACT);
  await use(first);
  await first.dispose();
  const before = freeMemory();
  for (let i = 0; i < 4; i++) {
    const model = await makeModel(R50X1, EXACT);
    await use(model);
    assert.ok(before - freeMemory() > R50X1_BYTES, 'a model takes memory');
    await model.dispose();
    const lost = before - freeMemory();
    assert.ok(lost < KEPT, `${lost} bytes are missing after dispose`);
  }
});

gpuTest(
  'twenty rounds of loading, running and letting go: free memory stays as it is',
  async () => {
    const round = async () => {
      const model = await makeModel(SMALL, EXACT);
      for (const images of [1, 2, 4]) {
        const pixels = noise([images, 3, 64, 64], images);
        // Several threads, each with cuBLAS's own memory.
        for (let call = 0; call < 3; call++)
          await Promise.all(Array.from({ length: 4 }, () => logitsOf(model, pixels)));
      }
      await model.dispose();
    };
    await round();
    const before = freeMemory();
    for (let i = 0; i < 20; i++) await round();
    const lost = before - freeMemory();
    assert.ok(lost < KEPT / 4, `${lost} bytes are missing after twenty rounds`);
  },
);

gpuTest('a batch that fits, and its recording beside other ones that do not', () =>
  // A run of 64 images takes some 900 MB, and so does its recording.
  onSmallCard(
    1400,
    `const pixels = noise([64, 3, 224, 224], 1);
     const few = noise([2, 3, 224, 224], 1);
     const expected = await withModel(R50X1, ON_CPU, (cpu) => logitsOf(cpu, few));
     await withModel(R50X1, EXACT, async (gpu) => {
       for (let call = 0; call < 6; call++) {
         const { data } = await logitsOf(gpu, pixels);
         const start = { shape: [2, 1000], data: data.subarray(0, 2000) };
         assertClose(start, expected, 'the first images of call ' + call);
         assertClose(await logitsOf(gpu, few), expected, 'the images alone');
       }
     });`,
  ),
);

gpuTest('a batch that does not fit is halved until it does', () =>
  // The stem's output alone is 411 MB.
  onSmallCard(
    400,
    `const pixels = noise([128, 3, 224, 224], 1);
     const few = noise([2, 3, 224, 224], 1);
     const expected = await withModel(R50X1, ON_CPU, (cpu) => logitsOf(cpu, few));
     await withModel(R50X1, EXACT, async (gpu) => {
       for (let call = 0; call < 3; call++) {
         const { shape, data } = await logitsOf(gpu, pixels);
         assert.deepEqual(shape, [128, 1000]);
         assert.ok(data.every(Number.isFinite));
         const start = { shape: [2, 1000], data: data.subarray(0, 2000) };
         assertClose(start, expected, 'the first images');
       }
     });`,
  ),
);

gpuTest('one image that does not fit: ERR_BIT_OUT_OF_MEMORY, and the next call is right', () =>
  // The stem's output is 576 MB.
  onSmallCard(
    400,
    `const small = noise([2, 3, 224, 224], 1);
     const expected = await withModel(R50X1, ON_CPU, (cpu) => logitsOf(cpu, small));
     await withModel(R50X1, EXACT, async (gpu) => {
       const large = noise([1, 3, 3000, 3000], 1);
       for (let call = 0; call < 3; call++) {
         await assert.rejects(gpu.forward(large), { code: 'ERR_BIT_OUT_OF_MEMORY' });
         assertClose(await logitsOf(gpu, small), expected, 'logits afterwards');
       }
     });`,
  ),
);

gpuTest('calls in flight beside one that does not fit', () =>
  // Its input alone is 192 MB, twice, and the stem's output 1 GB.
  onSmallCard(
    1000,
    `const small = noise([1, 3, 64, 64], 1);
     const expected = await withModel(R50X1, ON_CPU, (cpu) => logitsOf(cpu, small));
     await withModel(R50X1, EXACT, async (gpu) => {
       const large = gpu.forward(noise([1, 3, 4000, 4000], 1));
       const others = Array.from({ length: 20 }, () => logitsOf(gpu, small));
       await assert.rejects(large, { code: 'ERR_BIT_OUT_OF_MEMORY' });
       for (const found of await Promise.all(others)) assertClose(found, expected, 'logits');
     });`,
  ),
);

gpuTest('weights that do not fit: ERR_BIT_OUT_OF_MEMORY, and a smaller model loads', () =>
  onSmallCard(
    90,
    `await assert.rejects(makeModel(R50X1, EXACT), { code: 'ERR_BIT_OUT_OF_MEMORY' });
     const pixels = noise([1, 3, 64, 64], 1);
     const expected = await withModel(SMALL, ON_CPU, (cpu) => logitsOf(cpu, pixels));
     await withModel(SMALL, EXACT, async (gpu) =>
       assertClose(await logitsOf(gpu, pixels), expected, 'logits'));`,
  ),
);
