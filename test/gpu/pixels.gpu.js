// Images prepared on the GPU, and pipelines from files to labels: the same as on the CPU.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { BitImageProcessor, pipeline } = require('../..');
const { assertClose, cosine } = require('./support/closeness');
const { EXACT, ON_CPU, gpuTest } = require('./support/gpu');

const PICTURES = ['boat.jpg', 'cat.jpg', 'coffee.jpg'].map((file) =>
  path.join(__dirname, '..', '..', 'examples', 'pictures', file),
);
const IMAGES = path.join(__dirname, '..', 'reference', 'images');
/** Pictures of every kind and size that transformers reads. */
const { pictures: KINDS, settings: SETTINGS } = JSON.parse(
  fs.readFileSync(path.join(IMAGES, 'expected.json'), 'utf8'),
);
const READABLE = Object.entries(KINDS)
  .filter(([, { error }]) => !error)
  .map(([name]) => path.join(IMAGES, name));

/** Scores of softmax may differ by so much. */
const SCORE_BOUND = 1e-4;

async function samePixels(processor, images, overrides = {}) {
  const prepare = (device) => processor.preprocess(images, { ...overrides, device });
  const [{ pixelValues: expected }, { pixelValues: found }] = [
    await prepare('cpu'),
    await prepare('cuda'),
  ];
  assert.deepEqual(found.shape, expected.shape);
  const differing = found.data.findIndex((value, i) => value !== expected.data[i]);
  assert.equal(differing, -1, `value ${differing}: ${found.data[differing]}`);
}

/** Null for settings that are refused before any picture is seen, on whatever device. */
function processorOf(json) {
  try {
    return BitImageProcessor.fromJSON(json);
  } catch (error) {
    if (!/^ERR_BIT_/.test(error.code)) throw error;
    return null;
  }
}

for (const [name, json] of Object.entries(SETTINGS)) {
  const processor = processorOf(json);
  if (!processor) continue;
  gpuTest(`preprocess with the settings ${name}: the CPU's values, bit for bit`, async () => {
    for (const image of READABLE) {
      // What a setting refuses is refused wherever it runs.
      const onCpu = await processor.preprocess(image, { device: 'cpu' }).catch(({ code }) => code);
      if (typeof onCpu !== 'string') await samePixels(processor, image);
      else await assert.rejects(processor.preprocess(image, { device: 'cuda' }), { code: onCpu });
    }
  });
}

gpuTest('preprocess of many sizes in one batch', async () => {
  await samePixels(new BitImageProcessor(), [...PICTURES, ...READABLE, ...PICTURES]);
});

/** Nearest, Lanczos, bilinear and bicubic; the others cannot resize tensors. */
for (const resample of [0, 1, 2, 3]) {
  gpuTest(`preprocess with resample ${resample}`, async () => {
    await samePixels(new BitImageProcessor({ resample }), PICTURES);
  });
}

/** Of values from 0 to 1, and of logits: what another decoder's rounding may change. */
const DECODED_MEAN_BOUND = 2 / 255;
const DECODED_COSINE = 0.999;

gpuTest('gpuDecode: pixels a few levels apart, and logits alike', async () => {
  const processor = new BitImageProcessor({ doNormalize: false });
  const [{ pixelValues: exact }, { pixelValues: decoded }] = [
    await processor.preprocess(PICTURES, { device: 'cuda' }),
    await processor.preprocess(PICTURES, { device: 'cuda', gpuDecode: true }),
  ];
  assert.deepEqual(decoded.shape, exact.shape);
  const total = exact.data.reduce((sum, value, i) => sum + Math.abs(value - decoded.data[i]), 0);
  assert.ok(total / exact.data.length <= DECODED_MEAN_BOUND, `apart by ${total}`);
  const extract = await pipeline('image-feature-extraction', null, EXACT);
  try {
    const pool = true;
    const found = cosine(
      await extract(PICTURES, { pool, gpuDecode: true }),
      await extract(PICTURES, { pool }),
    );
    assert.ok(found >= DECODED_COSINE, `cosine ${found}`);
    const broken = fs.readFileSync(PICTURES[0]).subarray(0, 4000);
    await assert.rejects(extract([broken], { gpuDecode: true }), { code: 'ERR_BIT_IMAGE' });
  } finally {
    await extract.dispose();
  }
});

gpuTest('preprocess names the bad image of a batch', async () => {
  const images = [PICTURES[0], Buffer.from('no image'), PICTURES[1]];
  const attempt = new BitImageProcessor().preprocess(images, { device: 'cuda' });
  await assert.rejects(attempt, { code: 'ERR_BIT_IMAGE', index: 1 });
});

/** Calls `body` with the packaged model's pipelines on the CPU and on the GPU. */
async function onBoth(task, body) {
  const pipes = [];
  try {
    for (const options of [ON_CPU, EXACT]) pipes.push(await pipeline(task, null, options));
    await body(...pipes);
  } finally {
    for (const pipe of pipes) await pipe.dispose();
  }
}

gpuTest('image-classification: the same labels and scores', () =>
  onBoth('image-classification', async (cpu, gpu) => {
    assert.equal(gpu.model.device, 'cuda:0');
    for (const batchSize of [1, 2, 32]) {
      const images = [...PICTURES, ...READABLE];
      const expected = await cpu(images, { batchSize, topK: 16 });
      const found = await gpu(images, { batchSize, topK: 16 });
      assert.equal(found.length, images.length);
      expected.forEach((answers, i) => sameScores(found[i], answers, images[i]));
    }
    sameScores(await gpu(PICTURES[0]), await cpu(PICTURES[0]), 'one image alone');
  }),
);

/** In any order: near scores may change places. */
function sameScores(found, expected, what) {
  const scores = new Map(found.map(({ label, score }) => [label, score]));
  assert.equal(found.length, expected.length);
  assert.equal(found[0].label, expected[0].label, what);
  for (const { label, score } of expected)
    assert.ok(Math.abs(scores.get(label) - score) <= SCORE_BOUND, `${what}: ${label}`);
}

gpuTest('image-feature-extraction: the same features', () =>
  onBoth('image-feature-extraction', async (cpu, gpu) => {
    for (const pool of [false, true]) {
      const expected = await cpu(PICTURES, { pool, batchSize: 2 });
      assertClose(await gpu(PICTURES, { pool, batchSize: 2 }), expected, `pool ${pool}`);
    }
  }),
);

gpuTest('a pipeline names the bad image, and goes on with the next call', () =>
  onBoth('image-classification', async (cpu, gpu) => {
    const images = [...PICTURES, path.join(IMAGES, 'README.md')];
    await assert.rejects(gpu(images, { batchSize: 2 }), { code: 'ERR_BIT_IMAGE', index: 3 });
    sameScores(await gpu(PICTURES[1]), await cpu(PICTURES[1]), 'afterwards');
  }),
);
