// Networks and inputs that the tests make up: the same ones for the same seed.
'use strict';

const { BitConfig, BitForImageClassification, Tensor } = require('../../..');

/** Small, but with all four stages and groups of several channels. */
const SMALL = {
  embeddingSize: 32,
  hiddenSizes: [64, 128, 256, 512],
  depths: [2, 1, 2, 1],
  numGroups: 8,
  numLabels: 10,
};
const R50X1 = { numLabels: 1000 };
const R101X1 = { depths: [3, 4, 23, 3], numLabels: 1000 };

/** The same weights on every device. */
function makeModel(fields, options) {
  return BitForImageClassification.fromConfig(new BitConfig(fields), { seed: 1, ...options });
}

/** Calls `body` with a model, and disposes of it whatever happens. */
async function withModel(fields, options, body) {
  const model = await makeModel(fields, options);
  try {
    return await body(model);
  } finally {
    await model.dispose();
  }
}

/** Noise from -1 to 1, another for each seed: Numerical Recipes' generator. */
function noise(shape, seed) {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
  const count = shape.reduce((product, size) => product * size, 1);
  return Tensor.from(Float32Array.from({ length: count }, next), shape);
}

const logitsOf = async (model, pixels) => (await model.forward(pixels)).logits;

module.exports = { R101X1, R50X1, SMALL, logitsOf, makeModel, noise, withModel };
