// What the reliability programs share: the compiled package, a small model, inputs, options.
'use strict';

const { parseArgs } = require('node:util');

const bigtransfer = require('../..');

const { BitConfig, Tensor } = bigtransfer;

/** Small, with every kind of layer; about a millisecond an image. */
const config = new BitConfig({
  embeddingSize: 32,
  hiddenSizes: [64, 128],
  depths: [1, 2],
  numGroups: 8,
  numLabels: 10,
});

/** Pixel values of some pattern. */
function pixels(seed, count = 1, side = 64) {
  const data = new Float32Array(count * 3 * side * side);
  for (let i = 0; i < data.length; i++) data[i] = Math.sin(seed + i * 0.37);
  return Tensor.from(data, [count, 3, side, side]);
}

/** Numbers from the command line, as --calls 1000, with their defaults. */
function numbers(defaults) {
  const options = Object.fromEntries(
    Object.keys(defaults).map((name) => [name, { type: 'string' }]),
  );
  const { values } = parseArgs({ options });
  return Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => [name, Number(values[name] ?? value)]),
  );
}

/** The same numbers in [0, 1) in every run. */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Prints a report as JSON on its last line and fails where a promise does not hold. */
function report(figures, promises) {
  const broken = Object.keys(promises).filter((name) => !promises[name]);
  console.log(JSON.stringify({ ...figures, broken }));
  if (broken.length > 0) process.exitCode = 1;
}

module.exports = { ...bigtransfer, config, numbers, pixels, random, report, wait };
