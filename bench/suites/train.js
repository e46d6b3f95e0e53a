// One step of training from pixel values in memory, all peers from the same weights on the same images,
// taking turns; and the most memory that each has taken.
'use strict';

const { trainingOn } = require('../harness/peers');
const { modelFolder } = require('../harness/models');
const { difference, turn } = require('../harness/statistics');
const { Worker } = require('../harness/worker');

const CASE = 'one step of R50x1@224';
const SIZE = 224;
const BATCHES = { cpu: [8, 32], cuda: [32, 128] };
/** By how much of themselves losses may differ from those of transformers: the first one, before anything is learnt. */
const TOLERANCE = 1e-4;
/**
 * And those after steps. A ReLU whose input is zero but for rounding goes either way: PyTorch's own layouts differ by a
 * hundredth in their gradients. Peers in bfloat16, and on GPUs, which round to TF32, are held to this from the first one on.
 */
const LATER_TOLERANCE = 0.05;

async function* train(options) {
  if (!options.chosen(CASE)) return;
  for (const batch of BATCHES[options.device].filter((size) => options.chosen(`batch ${size}`)))
    yield* oneSize(batch, options);
}

async function* oneSize(batch, { peers, rounds, device, log }) {
  const folder = await modelFolder('r50x1', { onnx: false });
  const running = [];
  try {
    for (const peer of peers) {
      log(`${CASE}, batch ${batch}: preparing ${peer.name}`);
      const worker = new Worker(peer.name, peer.command);
      running.push({ peer, worker, samples: [] });
      await worker.ask('load', { folder });
      Object.assign(running.at(-1), await worker.ask('prepare', { batch, size: SIZE }));
    }
    check(running, device);
    for (let round = 0; round <= rounds; round++) {
      log(`${CASE}, batch ${batch}: round ${round} of ${rounds}`);
      for (const { worker, samples } of turn(running, round)) {
        const taken = await worker.ask('run', { times: 1 });
        if (round > 0) samples.push(...taken.samples); // the first is for warming up
      }
    }
    const row = { suite: 'train', case: CASE };
    for (const { peer, samples } of running)
      yield { ...row, batch, peer: peer.name, unit: 'ms', samples };
    // On a card they are all together.
    for (const { peer, worker } of device === 'cpu' ? running : []) {
      const { megabytes } = await worker.ask('memory');
      const name = `${CASE}, batch ${batch}: most memory`;
      yield { ...row, case: name, peer: peer.name, unit: 'MB', samples: [megabytes] };
    }
  } finally {
    for (const { worker } of running) worker.end();
  }
}

/** Where the reference was left out, transformers in another type. */
const isNearReference = ({ peer }) => peer.name.startsWith('transformers eager');

/** A fast wrong answer is no result: all learn the same in the same steps. */
function check(running, device) {
  const reference = running.find(({ peer }) => peer.reference) ?? running.find(isNearReference);
  if (!reference) return;
  for (const { peer, losses } of running) {
    losses.forEach((loss, step) => {
      const apart = difference([loss], [reference.losses[step]]);
      const isExact = peer.exact && reference.peer.reference && device === 'cpu' && step === 0;
      if (apart > (isExact ? TOLERANCE : LATER_TOLERANCE))
        throw new Error(
          `Loss ${step + 1} of ${peer.name} is ${apart} from that of ${reference.peer.name}`,
        );
    });
  }
}

module.exports = { train, peersOn: trainingOn };
