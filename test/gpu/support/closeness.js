// How far results are apart, in the measures that the promises for CUDA are made in.
'use strict';

const assert = require('node:assert/strict');

/** In float32 without TF32, of the largest magnitude. */
const FLOAT32_BOUND = 1e-4;
/** Least cosine of logits in bfloat16 or float16 to those in float32. */
const HALF_BOUND = 0.9995;

/** Largest difference over the largest magnitude of `expected`. */
function relativeError(actual, expected) {
  if (actual.shape.join() !== expected.shape.join()) return Infinity;
  let largest = 0;
  let magnitude = 0;
  expected.data.forEach((value, i) => {
    const error = Math.abs(actual.data[i] - value);
    // NaN compares false with everything, and must not pass for a small difference.
    if (!(error <= largest)) largest = error;
    magnitude = Math.max(magnitude, Math.abs(value));
  });
  return largest === 0 ? 0 : largest / magnitude;
}

function cosine(actual, expected) {
  const dot = (a, b) => a.data.reduce((sum, value, i) => sum + value * b.data[i], 0);
  return dot(actual, expected) / Math.sqrt(dot(actual, actual) * dot(expected, expected));
}

/** Fails where `actual` is further from `expected` than float32 may be. */
function assertClose(actual, expected, what) {
  const error = relativeError(actual, expected);
  assert.ok(error <= FLOAT32_BOUND, `${what} is off by ${error} of its magnitude`);
}

function assertAlike(actual, expected, what) {
  const found = cosine(actual, expected);
  assert.ok(found >= HALF_BOUND, `${what} has a cosine of ${found}`);
}

module.exports = { assertAlike, assertClose, cosine, relativeError };
