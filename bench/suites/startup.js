// From the start of the process to the first logits of R50x1 from safetensors, and the memory that it took at most.
'use strict';

const { spawnSync } = require('node:child_process');
const { modelFolder } = require('../harness/models');
const { STARTUP } = require('../harness/peers');
const { turn } = require('../harness/statistics');

async function* startup({ peers, rounds, chosen, log }) {
  const name = 'R50x1@224 from process start';
  if (!chosen(name)) return;
  const folder = await modelFolder('r50x1', { onnx: peers.some((peer) => peer.onnx) });
  const figures = peers.map((peer) => ({ peer, milliseconds: [], megabytes: [] }));
  for (let round = 0; round <= rounds; round++) {
    log(`${name}: round ${round} of ${rounds}`);
    for (const { peer, milliseconds, megabytes } of turn(figures, round)) {
      const { elapsed, peak } = start(peer, folder);
      if (round === 0) continue; // warms the disk's cache
      milliseconds.push(elapsed);
      megabytes.push(peak);
    }
  }
  const row = { suite: 'startup', case: name };
  for (const { peer, milliseconds } of figures)
    yield { ...row, peer: peer.name, unit: 'ms', samples: milliseconds };
  for (const { peer, megabytes } of figures)
    yield { ...row, peer: peer.name, unit: 'MB', samples: megabytes };
}

/** Milliseconds from start to end; the program prints the megabytes of its peak. */
function start(peer, folder) {
  const [command, ...args] = peer.command;
  const begin = performance.now();
  const { status, stdout, stderr } = spawnSync(command, [...args, folder], { encoding: 'utf8' });
  const elapsed = performance.now() - begin;
  if (status !== 0) throw new Error(`${peer.name} failed:\n${stderr}`);
  return { elapsed, peak: Number(stdout.trim().split('\n').at(-1)) };
}

/** Its peers answer no questions: they run once and end. */
module.exports = { startup, PEERS: STARTUP, ONE_SHOT: true };
