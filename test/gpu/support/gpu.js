// The card to test on, and tests that say why they were skipped where there is none.
'use strict';

const { test } = require('node:test');
const { systemInfo } = require('../../..');

const cudaDevices = () => systemInfo().devices.filter(({ type }) => type === 'cuda');

/** Cards that can be used. */
const CARDS = cudaDevices().length;

/** Models whose numbers are held against the CPU's: products in float32 are not rounded to TF32. */
const EXACT = { device: 'cuda', dtype: 'float32', allowTf32: false };
const ON_CPU = { device: 'cpu', dtype: 'float32' };

const MILLISECONDS = 240_000;

/** Why there is nothing to test on, or false. */
function whyNoGpu() {
  if (CARDS > 0) return false;
  const { problem, cuda } = systemInfo();
  return problem ?? cuda.reason ?? 'there is no CUDA device';
}

/** A test that needs a card; `skip` says what else it lacks. */
function gpuTest(name, body, skip = false) {
  test(name, { skip: whyNoGpu() || skip, timeout: MILLISECONDS }, body);
}

/** Bytes of the first card that the driver could give out now. */
const freeMemory = () => cudaDevices()[0].freeMemory;
const totalMemory = () => cudaDevices()[0].totalMemory;

module.exports = { CARDS, EXACT, ON_CPU, freeMemory, gpuTest, totalMemory, whyNoGpu };
