// Learning on a GPU: PyTorch's losses and weights, the CPU's, and those of runs that were ended.
'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const { relativeError } = require('./support/closeness');
const { gpuTest } = require('./support/gpu');
const { CASES, STEPS, begin, resumed, run, stepOf, weightsOf } = require('./support/learning');
const { onSmallCard } = require('./support/small_card');

/** Of the largest magnitude after 20 steps, each of which goes on from what the last one rounded. */
const BOUND = 1e-3;
/** Of losses in bfloat16 to those in float32. */
const BFLOAT16_BOUND = 0.02;

const [FIRST] = CASES;
const ON_CPU = { device: 'cpu' };
/** Blocks are left out by chance: the draws are the CPU's. */
const LEAVES_OUT = { fields: { dropPathRate: 0.5 } };

/** Losses as one tensor. */
const row = (losses) => ({ shape: [losses.length], data: Float32Array.from(losses) });

function assertNear(found, expected, what, bound = BOUND) {
  const error = relativeError(found, expected);
  assert.ok(error <= bound, `${what}: off by ${error} of its magnitude`);
}

function assertNearAll(found, expected) {
  assert.deepEqual([...found.keys()].sort(), [...expected.keys()].sort());
  for (const [name, tensor] of expected) assertNear(found.get(name), tensor, name);
}

/** Losses and last weights of a run. */
async function outcome(each, more) {
  const learner = await begin(each, more);
  try {
    return { losses: await run(learner, each), weights: await weightsOf(learner) };
  } finally {
    learner.dispose();
  }
}

for (const each of CASES)
  gpuTest(`20 steps as PyTorch takes them: ${each.name}`, async () => {
    const { losses, weights } = await outcome(each);
    assertNear(row(losses), row(each.losses), 'losses');
    assertNearAll(weights, each.after());
  });

for (const [name, more] of Object.entries({
  'blocks left out by chance': LEAVES_OUT,
  'blocks computed once more': { gradientCheckpointing: true },
  'both, and SiLU': {
    gradientCheckpointing: true,
    fields: { dropPathRate: 0.5, hiddenAct: 'silu' },
  },
}))
  gpuTest(`the CPU's steps: ${name}`, async () => {
    const [there, here] = [
      await outcome(FIRST, more),
      await outcome(FIRST, { ...more, ...ON_CPU }),
    ];
    assertNear(row(there.losses), row(here.losses), 'losses');
    assertNearAll(there.weights, here.weights);
  });

gpuTest('what is recorded learns what runs learn that are not', async () => {
  const whole = await begin(FIRST, LEAVES_OUT);
  const expected = await run(whole, FIRST);
  // In a new learner every micro-batch is the first of its kind, which is not recorded.
  let learner = await begin(FIRST, LEAVES_OUT);
  const losses = [];
  for (let step = 0; step < STEPS; step++) {
    losses.push(await stepOf(learner, FIRST, step));
    learner = await resumed(learner, FIRST, LEAVES_OUT);
  }
  assertNear(row(losses), row(expected), 'losses');
  assertNearAll(await weightsOf(learner), await weightsOf(whole));
  learner.dispose();
  whole.dispose();
});

for (const [from, to] of [
  ['cuda', 'cuda'],
  ['cuda', 'cpu'],
  ['cpu', 'cuda'],
])
  gpuTest(`a run that was ended goes on: from ${from} to ${to}`, async () => {
    const { losses, weights } = await outcome(FIRST);
    const first = await begin(FIRST, { device: from });
    const before = await run(first, FIRST, 0, 7);
    const second = await resumed(first, FIRST, { device: to });
    assert.equal(second.device, to === 'cuda' ? 'cuda:0' : to);
    const after = await run(second, FIRST, 7);
    assertNear(row([...before, ...after]), row(losses), 'losses');
    assertNearAll(await weightsOf(second), weights);
    second.dispose();
  });

gpuTest('bfloat16 learns nearly the same', async () => {
  const { losses } = await outcome(FIRST, { dtype: 'bfloat16' });
  assertNear(row(losses), row(FIRST.losses), 'losses', BFLOAT16_BOUND);
  assert.ok(relativeError(row(losses), row(FIRST.losses)) > 1e-6, 'it is not float32');
});

gpuTest('nothing is learnt from a step that fails, recorded or not', async () => {
  const learner = await begin(FIRST);
  for (let step = 0; step < 4; step++) {
    const before = await weightsOf(learner);
    const bad = { ...FIRST, problem: 'multi_label_classification' };
    await assert.rejects(stepOf(learner, bad, step), { code: 'ERR_BIT_SHAPE' });
    const after = await weightsOf(learner);
    for (const [name, { data }] of before) assert.deepEqual(after.get(name).data, data, name);
    const loss = await stepOf(learner, FIRST, step);
    assertNear(row([loss]), row([FIRST.losses[step]]), `loss ${step + 1}`);
  }
  learner.dispose();
});

gpuTest('a batch that does not fit: ERR_BIT_OUT_OF_MEMORY, and a smaller one is learnt from', () =>
  onSmallCard(
    1500,
    `const { BitConfig } = require(${JSON.stringify(path.join(__dirname, '..', '..'))});
     const { Learner } = require(${JSON.stringify(
       path.join(__dirname, '..', '..', 'dist', 'training', 'learner'),
     )});
     const batchOf = (images) => ({
       pixelValues: { ...noise([images, 3, 224, 224], 1), dtype: 'float32' },
       labels: { dtype: 'int64', shape: [images], data: new BigInt64Array(images) },
       mixing: null, dropSeed: 0, first: 0, of: images,
     });
     const learner = await Learner.begin([], {
       config: new BitConfig(R50X1), dtype: 'float32', gradientCheckpointing: false,
       problemType: 'single_label_classification', momentum: 0.9, weightDecay: 0, seed: 1,
       threads: 0, device: 'cuda', allowTf32: false,
     }, { zeroHead: true });
     const step = (images) => learner.step([batchOf(images)], images, 0.001);
     for (let i = 0; i < 3; i++) await step(1);
     await assert.rejects(step(64), { code: 'ERR_BIT_OUT_OF_MEMORY', message: /batchSplit/ });
     for (let i = 0; i < 3; i++) assert.ok(Number.isFinite(await step(1)));
     learner.dispose();`,
  ),
);
