// Input in memory to logits in memory, all peers on the same weights and input, taking turns.
'use strict';

const { INFERENCE } = require('../harness/peers');
const { modelFolder } = require('../harness/models');
const { cosine, difference, turn } = require('../harness/statistics');
const { Worker } = require('../harness/worker');

const MODELS = [
  { name: 'R50x1@224', network: 'r50x1', size: 224 },
  { name: 'R101x1@224', network: 'r101x1', size: 224 },
  { name: 'R50x1@448', network: 'r50x1', size: 448 },
  { name: 'R50x3@224', network: 'r50x3', size: 224 },
];
const BATCHES = [1, 8, 32];

/** A turn takes about so long, in calls of at most so many. */
const TURN_MS = 500;
const MOST_CALLS = 8;
/** Our float32 logits may differ by so much of the largest from transformers'. */
const TOLERANCE = 1e-4;

async function* inference(options) {
  const models = MODELS.filter(({ name }) => options.chosen(name));
  for (const model of models) {
    for (const batch of BATCHES.filter((size) => options.chosen(`batch ${size}`)))
      yield* oneSize({ ...model, batch }, options);
  }
}

async function* oneSize({ name, network, size, batch }, { peers, rounds, log }) {
  const onnx = peers.some((peer) => peer.name.startsWith('onnxruntime'));
  const folder = await modelFolder(network, { onnx });
  const running = [];
  try {
    for (const peer of peers) {
      log(`${name}, batch ${batch}: preparing ${peer.name}`);
      const worker = new Worker(peer.name, peer.command);
      running.push({ peer, worker, samples: [] });
      await worker.ask('load', { folder });
      Object.assign(running.at(-1), await worker.ask('prepare', { batch, size }));
    }
    check(running);
    for (let round = 0; round <= rounds; round++) {
      log(`${name}, batch ${batch}: round ${round} of ${rounds}`);
      for (const each of turn(running, round)) {
        const { samples } = await each.worker.ask('run', { times: each.times ?? 1 });
        each.times = Math.max(1, Math.min(MOST_CALLS, Math.round(TURN_MS / Math.min(...samples))));
        if (round > 0) each.samples.push(...samples); // the first is for warming up
      }
    }
    const reference = running.find(({ peer }) => peer.reference)?.logits;
    for (const { peer, samples, logits } of running) {
      const agreement = logits && reference && compare(logits, reference);
      yield {
        suite: 'inference',
        case: name,
        batch,
        peer: peer.name,
        unit: 'ms',
        samples,
        agreement,
      };
    }
  } finally {
    for (const { worker } of running) worker.end();
  }
}

const compare = (logits, reference) => ({
  cosine: cosine(logits, reference),
  difference: difference(logits, reference),
});

/** A fast wrong answer is no result. */
function check(running) {
  const reference = running.find(({ peer }) => peer.reference);
  for (const { peer, logits } of running) {
    if (!reference || !peer.exact) continue;
    const apart = difference(logits, reference.logits);
    if (apart > TOLERANCE)
      throw new Error(
        `The logits of ${peer.name} are ${apart} from those of ${reference.peer.name}`,
      );
  }
}

module.exports = { inference, PEERS: INFERENCE };
