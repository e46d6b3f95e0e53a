// Networks that learn, the batches of test/reference/make_training.py, and what they should come to.
'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { BitConfig } = require('../../..');
const { Learner } = require('../../../dist/training/learner');
const { readSafetensors } = require('./reference');

const FOLDER = path.join(__dirname, '..', '..', 'reference', 'training');
const WEIGHTS = 'model.safetensors';
const STEPS = 20;
const BATCH = 8;
const SIDE = 24;
const LABELS = 3;

/** Runs of a plain PyTorch loop over transformers' networks, with their losses and last weights. */
const CASES = ['preactivation', 'bottleneck'].flatMap((layerType) => {
  const folder = path.join(FOLDER, layerType);
  const { cases } = JSON.parse(fs.readFileSync(path.join(folder, 'cases.json'), 'utf8'));
  return cases.map((each, index) => ({
    ...each,
    folder,
    name: `${layerType}, ${each.problem}, split ${each.split}, mixup ${each.mixup}`,
    after: () => readSafetensors(path.join(folder, `after_${index}.safetensors`)),
  }));
});

const classOf = (image, step) => (image * 2 + step) % LABELS;

function pixels(step, first, count) {
  const values = 3 * SIDE * SIDE;
  const data = Float32Array.from({ length: count * values }, (_, i) => {
    const place = first * values + i;
    const image = Math.floor(place / values);
    const wave = Math.sin(place * (0.11 + 0.013 * image) + 1.7 * step);
    return wave + 0.5 * Math.cos(place * 0.37 * (classOf(image, step) + 1));
  });
  return { dtype: 'float32', shape: [count, 3, SIDE, SIDE], data };
}

function labels(step, first, count, problem) {
  const classes = Array.from({ length: count }, (_, i) => classOf(first + i, step));
  if (problem === 'single_label_classification')
    return { dtype: 'int64', shape: [count], data: BigInt64Array.from(classes.map(BigInt)) };
  const valueOf = (hot, label) => (problem === 'regression' ? 0.5 * hot + 0.1 * label : hot);
  const rowOf = (own) =>
    Array.from({ length: LABELS }, (_, label) => valueOf(label === own ? 1 : 0, label));
  return {
    dtype: 'float32',
    shape: [count, LABELS],
    data: Float32Array.from(classes.flatMap(rowOf)),
  };
}

function* batches(step, { split, mixup, problem }) {
  const count = BATCH / split;
  const lambda = 0.5 + 0.4 * Math.cos(1.3 * step);
  const partners = Array.from({ length: count }, (_, i) => (i * 3 + step) % count);
  for (let first = 0; first < BATCH; first += count)
    yield {
      pixelValues: pixels(step, first, count),
      labels: labels(step, first, count, problem),
      mixing: mixup ? { lambda, partners } : null,
      ...{ dropSeed: step, first: 0, of: count },
    };
}

const rateOf = (step, highest) => highest * Math.min(1, (step + 1) / 5) * (step >= 15 ? 0.1 : 1);

/** @param more settings, and fields of the config. */
async function settingsOf({ folder, problem, decay }, { fields = {}, ...more } = {}) {
  return {
    config: (await BitConfig.fromPretrained(folder)).with(fields),
    ...{ dtype: 'float32', gradientCheckpointing: false, problemType: problem },
    ...{ momentum: 0.9, weightDecay: decay, seed: 0, threads: 0 },
    ...{ device: 'cuda', allowTf32: false },
    ...more,
  };
}

async function begin(each, more) {
  const files = [path.join(each.folder, WEIGHTS)];
  return Learner.begin(files, await settingsOf(each, more), { zeroHead: false });
}

/** One step of a case. */
const stepOf = (learner, each, step) =>
  learner.step(batches(step, each), BATCH, rateOf(step, each.rate));

async function run(learner, each, from = 0, to = STEPS) {
  const losses = [];
  for (let step = from; step < to; step++) losses.push(await stepOf(learner, each, step));
  return losses;
}

/** Calls `body` with a folder that is gone afterwards. */
async function withFolder(body) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bigtransfer-learning-'));
  try {
    return await body(folder);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

/** The learner's tensors by name. */
const weightsOf = (learner) =>
  withFolder(async (folder) => {
    await learner.save(folder);
    return readSafetensors(path.join(folder, WEIGHTS));
  });

/** Another learner that goes on from where this one is, which is disposed of. */
const resumed = (learner, each, more) =>
  withFolder(async (folder) => {
    await learner.saveAll(folder);
    learner.dispose();
    return Learner.resume(folder, await settingsOf(each, more));
  });

module.exports = { CASES, STEPS, begin, resumed, run, stepOf, weightsOf };
