// Scripts that run where the allocator gives out a few hundred megabytes alone: a small card.
'use strict';

const { execFile } = require('node:child_process');
const { promisify } = require('node:util');
const { totalMemory } = require('./gpu');

const PRELUDE = `
const assert = require('node:assert/strict');
const { EXACT, ON_CPU } = require(${JSON.stringify(require.resolve('./gpu'))});
const { assertClose } = require(${JSON.stringify(require.resolve('./closeness'))});
const models = require(${JSON.stringify(require.resolve('./models'))});
const { R50X1, SMALL, logitsOf, makeModel, noise, withModel } = models;
`;

/**
 * Runs the body of an async function in a process of its own, whose libtorch gives out `megabytes`
 * (PyTorch's per_process_memory_fraction). Rejects with what it printed when it fails.
 */
async function onSmallCard(megabytes, body) {
  const fraction = (megabytes * 2 ** 20) / totalMemory();
  const env = {
    ...process.env,
    PYTORCH_CUDA_ALLOC_CONF: `per_process_memory_fraction:${fraction.toFixed(6)}`,
  };
  const script = `${PRELUDE}(async () => {${body}\n})().catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });`;
  await promisify(execFile)(process.execPath, ['--eval', script], { env });
}

module.exports = { onSmallCard };
