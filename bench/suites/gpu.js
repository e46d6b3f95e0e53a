// Networks on a GPU, input on the card to logits on the card, and JPEG files to logits; all peers on
// the same weights, input and card, taking turns.
'use strict';

const { once } = require('node:events');
const { BitImageProcessor } = require('../..');
const { NETWORKS, modelFolder } = require('../harness/models');
const { PYTHON, here } = require('../harness/peers');
const { photographs } = require('../harness/photographs');
const { cosine, turn } = require('../harness/statistics');
const { Worker } = require('../harness/worker');

// Too large for the suites that time CPUs.
NETWORKS.r152x2 = { depths: [3, 8, 36, 3], width: 2 };
// Small enough for a trial on the CPU.
NETWORKS.trial = { depths: [1, 1, 1, 1], width: 1 };

const CASES = [
  { name: 'R50x1@224', network: 'r50x1', size: 224, batches: [1, 8, 64, 256] },
  { name: 'R101x1@224', network: 'r101x1', size: 224, batches: [1, 8, 64, 256] },
  { name: 'R50x1@448', network: 'r50x1', size: 448, batches: [1, 8, 64] },
  { name: 'R152x2@480', network: 'r152x2', size: 480, batches: [32] },
];
const FILE_CASE = {
  name: 'JPEG files to logits of R50x1',
  network: 'r50x1',
  batches: [64],
  photographs: { width: 640, height: 427, count: 512 },
};
/** For trying all of it without a card; these are no figures. */
const TRIALS = [
  { name: 'trial', network: 'trial', size: 64, batches: [2] },
  {
    name: 'trial of files',
    network: 'trial',
    batches: [2],
    photographs: { width: 320, height: 240, count: 4 },
  },
];

/** A turn takes about so long, in calls of at most so many. */
const TURN_MS = 500;
const MOST_CALLS = 50;
/** Images whose logits are compared. */
const SHOWN = 8;
/** An answer further from float32 than so many times what rounding the network to bfloat16 costs is wrong. */
const MOST_ROUNDING = 4;

/** Ours with one thing otherwise, by the environment that docs/gpu.md names. */
const VARIANTS = [
  { what: '16 images at a time', env: 'BIGTRANSFER_SUB_BATCH=16' },
  { what: '32 images at a time', env: 'BIGTRANSFER_SUB_BATCH=32' },
  { what: '64 images at a time', env: 'BIGTRANSFER_SUB_BATCH=64' },
  { what: 'norms apart from products', env: 'BIGTRANSFER_NORM_PRODUCT=0' },
];

const variantsOn = (device) =>
  VARIANTS.map(({ what, env }) => ({
    name: `bigtransfer bfloat16, ${what}`,
    command: ['env', env, process.execPath, here('bigtransfer_gpu.js'), 'bfloat16', device],
  }));

const peersOn = (device) => [
  {
    name: 'bigtransfer bfloat16',
    command: [process.execPath, here('bigtransfer_gpu.js'), 'bfloat16', device],
    isOurs: true,
  },
  {
    name: 'PyTorch eager bfloat16',
    command: [PYTHON, here('torch_gpu.py'), 'eager', device],
  },
  {
    name: 'torch.compile max-autotune bfloat16',
    command: [PYTHON, here('torch_gpu.py'), 'compile', device],
  },
];

const cardOn = (device) => new Worker('card', [PYTHON, here('gpu_card.py'), device]);

/**
 * Rows of all peers for each case and batch, as { rows, failed }.
 * @param settings.card a worker of cardOn()
 * @param settings.limit seconds that a peer may take to get ready
 */
async function* gpu(cases, settings) {
  for (const each of cases) {
    for (const batch of each.batches.filter((size) => settings.chosen(`batch ${size}`)))
      yield oneSize({ ...each, batch }, settings);
  }
}

async function oneSize(each, { card, peers, rounds, limit, log }) {
  const title = `${each.name}, batch ${each.batch}`;
  const task = await taskOf(each, { card, log });
  const running = [];
  const failed = [];
  const fail = ({ name }, error) => {
    log(error.message);
    failed.push({ case: each.name, batch: each.batch, name, why: error.message });
  };
  try {
    for (const peer of peers) {
      log(`${title}: preparing ${peer.name}`);
      try {
        running.push(await prepared(peer, task, { card, limit }));
      } catch (error) {
        fail(peer, error);
      }
    }
    await takeTurns(running, task, { rounds, fail, log: (line) => log(`${title}: ${line}`) });
  } finally {
    for (const { worker } of running) await ended(worker);
  }
  const rows = running.map(({ peer, device, wall, cosine, memory, ready }) => ({
    case: each.name,
    network: each.network,
    size: each.size,
    batch: each.batch,
    images: task.images,
    peer: peer.name,
    isOurs: peer.isOurs ?? false,
    device,
    wall,
    memory,
    ready,
    cosine,
  }));
  return { rows, failed };
}

/** What a case asks of every peer: how to prepare it, how to run it, and the answer in float32. */
async function taskOf({ network, size, batch, photographs: wanted }, { card, log }) {
  const folder = await modelFolder(network, { onnx: false });
  const shown = Math.min(batch, SHOWN);
  if (!wanted) {
    const reference = await card.ask('reference', { folder, batch: shown, size });
    const prepare = ['prepare', { batch, size, shown }];
    return { folder, images: batch, shown, reference, prepare, run: 'run' };
  }
  const processor = new BitImageProcessor();
  await processor.savePretrained(folder);
  const files = await photographs(wanted);
  const settings = processor.toJSON();
  const asked = { folder, files: files.slice(0, shown), settings };
  const reference = await card.ask('reference_files', asked).catch((error) => log(error.message));
  const prepare = ['prepare_files', { files, settings, batch, shown }];
  return { folder, images: files.length, shown, reference, prepare, run: 'run_files' };
}

/** Starts a peer and lets it warm up, which takes as much memory of the card as it ever will. */
async function prepared(peer, { folder, prepare, reference, shown }, { card, limit }) {
  const before = (await card.ask('memory')).used;
  const start = performance.now();
  const worker = new Worker(peer.name, peer.command);
  try {
    await worker.ask('load', { folder });
    const { logits } = await within(limit, worker.ask(...prepare), peer.name);
    const found = reference && check(peer, { logits, reference, shown });
    const memory = (await card.ask('memory')).used - before;
    const ready = (performance.now() - start) / 1000;
    return { peer, worker, memory, ready, cosine: found, device: [], wall: [] };
  } catch (error) {
    await ended(worker);
    throw error;
  }
}

/** Once its process is gone, and with it what it held of the card. */
async function ended(worker) {
  const { child } = worker;
  const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : null;
  worker.end();
  await gone;
}

function within(seconds, promise, name) {
  let timer;
  const late = new Promise((_, reject) => {
    const error = new Error(`${name} was not ready in ${seconds} s: raise --limit`);
    timer = setTimeout(() => reject(error), 1000 * seconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** A fast wrong answer is no result. Returns the cosine to the right one. */
function check(peer, { logits, reference, shown }) {
  const found = cosine(centred(logits, shown), centred(reference.logits, shown));
  const least = 1 - MOST_ROUNDING * reference.rounding;
  // NaN must not pass either.
  if (!(found >= least))
    throw new Error(
      `The logits of ${peer.name} have a cosine of ${found} to float32, at least ${least} is right`,
    );
  return found;
}

/** Each image's logits less their mean: scores tell them but for a constant. */
function centred(logits, images) {
  const labels = logits.length / images;
  return Array.from({ length: images }, (_, i) => {
    const own = logits.slice(i * labels, (i + 1) * labels);
    const mean = own.reduce((sum, value) => sum + value, 0) / labels;
    return own.map((value) => value - mean);
  }).flat();
}

/** A peer that fails is left out, and its samples with it. */
async function takeTurns(running, { run }, { rounds, fail, log }) {
  for (let round = 0; round <= rounds; round++) {
    log(`round ${round} of ${rounds}`);
    for (const each of turn(running, round)) {
      try {
        const { device = [], wall } = await each.worker.ask(run, { times: each.times ?? 1 });
        const shortest = Math.min(...wall) + (device.length > 0 ? Math.min(...device) : 0);
        each.times = Math.max(1, Math.min(MOST_CALLS, Math.round(TURN_MS / shortest)));
        if (round === 0) continue; // for warming up
        each.device.push(...device);
        each.wall.push(...wall);
      } catch (error) {
        running.splice(running.indexOf(each), 1);
        fail(each.peer, error);
      }
    }
  }
}

module.exports = { CASES: [...CASES, FILE_CASE], TRIALS, cardOn, gpu, peersOn, variantsOn };
