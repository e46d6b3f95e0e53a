// CUDA against transformers' values and against the CPU.
'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const { BitForImageClassification, BitImageProcessor } = require('../..');
const { assertAlike, assertClose } = require('./support/closeness');
const { EXACT, ON_CPU, gpuTest } = require('./support/gpu');
const { R101X1, R50X1, logitsOf, noise, withModel } = require('./support/models');
const { answer, loadRun, readCases } = require('./support/reference');

/** Files that transformers reads and we refuse, wherever the network runs. */
const REFUSED = ['bin_legacy'];

const PICTURES = path.join(__dirname, '..', '..', 'examples', 'pictures');
const PACKAGED = path.join(__dirname, '..', '..', 'models', 'bit-mini-scenes');

for (const each of readCases().filter(({ name }) => !REFUSED.includes(name))) {
  for (const run of each.runs) {
    if (run.error) {
      gpuTest(`${each.name}, ${run.name}: refused as on the CPU`, () => refusedAlike(each, run));
    } else {
      gpuTest(`${each.name}, ${run.name}: transformers' values`, () => answeredAlike(each, run));
    }
  }
}

async function answeredAlike(each, run) {
  const ours = await answer(each, run, EXACT);
  for (const [name, key] of Object.entries(run.outputs ?? {}))
    assertClose(ours.get(name), each.tensor(key), name);
  // Also what transformers gave no values for, such as what hangs on parameters from the seed.
  for (const [name, tensor] of await answer(each, run, ON_CPU))
    assertClose(ours.get(name), tensor, `${name} beside the CPU's`);
}

async function refusedAlike(each, run) {
  const refusal = async (options) => {
    try {
      await answer(each, run, options);
    } catch (error) {
      return error.code;
    }
    return 'none';
  };
  const code = await refusal(ON_CPU);
  assert.match(code, /^ERR_BIT_/);
  assert.equal(await refusal(EXACT), code);
}

const HALVES = ['bfloat16', 'float16'];
const FULL_SIZE = [
  { name: 'R50x1@224', fields: R50X1, shape: [2, 3, 224, 224], halves: HALVES },
  { name: 'R50x1@448', fields: R50X1, shape: [1, 3, 448, 448], halves: HALVES },
  { name: 'R50x1 at 161x230', fields: R50X1, shape: [3, 3, 161, 230], halves: HALVES },
  // Deeper, with weights at random, bfloat16 is further from float32 on the CPU too.
  { name: 'R101x1@224', fields: R101X1, shape: [1, 3, 224, 224], halves: [] },
];

for (const { name, fields, shape, halves } of FULL_SIZE) {
  const pixels = noise(shape, 7);
  const onCpu = () => withModel(fields, ON_CPU, (model) => logitsOf(model, pixels));
  gpuTest(`${name} in float32: the CPU's logits`, async () => {
    await withModel(fields, EXACT, async (model) =>
      assertClose(await logitsOf(model, pixels), await onCpu(), 'logits'),
    );
  });
  for (const dtype of halves) {
    gpuTest(`${name} in ${dtype}: cosine to the CPU in float32`, async () => {
      await withModel(fields, { device: 'cuda', dtype }, async (model) => {
        assert.equal(model.dtype, dtype);
        assertAlike(await logitsOf(model, pixels), await onCpu(), 'logits');
      });
    });
  }
}

gpuTest('the packaged model on photographs: the same logits in every type', async () => {
  const processor = await BitImageProcessor.fromPretrained(PACKAGED);
  const files = ['boat.jpg', 'cat.jpg', 'coffee.jpg'].map((file) => path.join(PICTURES, file));
  const { pixelValues } = await processor.preprocess(files);
  const logits = async (options) => {
    const model = await BitForImageClassification.fromPretrained(PACKAGED, options);
    const found = await logitsOf(model, pixelValues);
    await model.dispose();
    return found;
  };
  const expected = await logits(ON_CPU);
  assertClose(await logits(EXACT), expected, 'float32');
  for (const dtype of HALVES) assertAlike(await logits({ device: 'cuda', dtype }), expected, dtype);
});

gpuTest('names of devices: where the model says it runs', async () => {
  const [each] = readCases().filter(({ name }) => name === 'base');
  const [run] = each.runs;
  for (const [asked, got] of [
    ['cuda', 'cuda:0'],
    ['cuda:0', 'cuda:0'],
    ['auto', 'cuda:0'],
    ['cpu', 'cpu'],
  ]) {
    const model = await loadRun(each, run, { device: asked });
    assert.equal(model.device, got);
    await model.dispose();
  }
  await assert.rejects(loadRun(each, run, { device: 'cuda:63' }), { code: 'ERR_BIT_DEVICE' });
});

gpuTest('a model on the GPU gives back the weights that it was loaded with', async () => {
  const [each] = readCases().filter(({ name }) => name === 'preactivation');
  const states = [];
  for (const options of [ON_CPU, EXACT]) {
    const model = await loadRun(each, each.runs[0], options);
    states.push(await model.stateDict());
    await model.dispose();
  }
  const [expected, found] = states;
  assert.deepEqual([...found.keys()], [...expected.keys()]);
  for (const [name, tensor] of expected) assert.deepEqual(found.get(name).data, tensor.data, name);
});
