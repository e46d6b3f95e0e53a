// Whether the GPU benchmark measures what it says: checks that need no GPU.
'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { inspectModel } = require('../..');
const { TRIALS, cardOn, gpu, peersOn, variantsOn } = require('../suites/gpu');
const { tables } = require('./gpu_report');
const { NETWORKS, modelFolder } = require('./models');
const { PYTHON, here } = require('./peers');
const { multiplyAdds } = require('./roofline');

/** Logits of the plain network may differ by so much of the largest from transformers'. */
const TOLERANCE = 1e-4;
const SIZES = ['224x224', '97x162'];
/** Labels of the networks, and features that the head makes them of. */
const HEAD = { labels: 1000, features: 2048 };

/** The peers' network, written anew in plain PyTorch, is transformers'. */
async function plainNetwork() {
  const folder = await modelFolder('r50x1', { onnx: false });
  const args = [here('check_plain_bit.py'), folder, ...SIZES];
  const { status, stdout, stderr } = spawnSync(PYTHON, args, { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  const apart = Number(stdout.trim().split('\n').at(-1));
  assert.ok(apart <= TOLERANCE, `the logits are ${apart} apart`);
  return `${apart.toExponential(1)} apart`;
}

/** The roofline counts the multiply-adds that `bigtransfer inspect` counts. */
async function countedWork() {
  for (const [network, size] of [
    ['r50x1', 224],
    ['r50x1', 448],
    ['trial', 64],
  ]) {
    const folder = await modelFolder(network, { onnx: false });
    const { multiplyAdds: counted } = await inspectModel(folder, { size });
    const { labels, features } = HEAD;
    assert.equal(multiplyAdds(NETWORKS[network], size) + labels * features, counted, network);
  }
  return 'equal';
}

/** Every peer's way through the suite, on the CPU and a small network. */
async function trial({ log }) {
  const card = cardOn('cpu');
  try {
    const ceilings = await card.ask('ceilings');
    const settings = {
      card,
      peers: [...peersOn('cpu'), ...variantsOn('cpu')],
      rounds: 1,
      limit: 600,
      chosen: () => true,
      log,
    };
    const all = [];
    for await (const { rows, failed } of gpu(TRIALS, settings)) {
      assert.deepEqual(failed, []);
      all.push(...rows);
    }
    assert.equal(all.length, TRIALS.length * settings.peers.length);
    log(`\nNo figures, only their form:\n\n${tables(all, ceilings)}`);
    return `${all.length} rows`;
  } finally {
    card.end();
  }
}

/** Runs all checks; returns how many failed. Every one needs networks that transformers makes. */
async function check({ log }) {
  if (spawnSync(PYTHON, ['-c', 'import torch, transformers']).status !== 0) {
    log(`skipped: ${PYTHON} cannot import torch and transformers`);
    return 0;
  }
  let failures = 0;
  for (const [name, run] of Object.entries({ plainNetwork, countedWork, trial })) {
    try {
      log(`ok ${name}: ${await run({ log })}`);
    } catch (error) {
      failures++;
      log(`not ok ${name}: ${error.stack}`);
    }
  }
  return failures;
}

module.exports = { check };
