// One image at a time, with the machine to itself and beside a program that computes without end.
'use strict';

const { spawn } = require('node:child_process');
const { setTimeout: sleep } = require('node:timers/promises');
const { modelFolder } = require('../harness/models');
const { BUSY } = require('../harness/peers');
const { median, turn } = require('../harness/statistics');
const { Worker } = require('../harness/worker');

const CASE = 'R50x1@224, batch 1';
const SIZE = 224;
/** Calls of a turn: more than a second on the slowest of them, so that the system's turns average. */
const CALLS = { idle: 15, busy: 30 };
/** Until the system has found places for all that compute. */
const SETTLE_MS = 200;

/** A program on one core, stopped until it is wanted. */
class Neighbour {
  constructor() {
    this.child = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
    this.stop();
  }

  start() {
    this.child.kill('SIGCONT');
  }

  stop() {
    this.child.kill('SIGSTOP');
  }

  end() {
    this.child.kill('SIGKILL');
  }
}

async function* busy({ peers, rounds, chosen, log }) {
  if (!chosen('R50x1@224') || !chosen('batch 1')) return;
  const folder = await modelFolder('r50x1', {
    onnx: peers.some((peer) => peer.name.startsWith('onnxruntime')),
  });
  const neighbour = new Neighbour();
  const running = [];
  try {
    for (const peer of peers) {
      log(`${CASE}: preparing ${peer.name}`);
      const worker = new Worker(peer.name, peer.command);
      running.push({ peer, worker, idle: [], busy: [] });
      await worker.ask('load', { folder });
      await worker.ask('prepare', { batch: 1, size: SIZE });
      await worker.ask('run', { times: CALLS.idle });
    }
    for (let round = 1; round <= rounds; round++) {
      log(`${CASE}: round ${round} of ${rounds}`);
      for (const each of turn(running, round)) await takeTurn(each, neighbour);
    }
  } finally {
    neighbour.end();
    for (const { worker } of running) worker.end();
  }
  yield* rowsOf(running);
}

async function takeTurn({ worker, idle, busy }, neighbour) {
  idle.push(...(await worker.ask('run', { times: CALLS.idle })).samples);
  neighbour.start();
  try {
    await sleep(SETTLE_MS);
    busy.push(...(await worker.ask('run', { times: CALLS.busy })).samples);
  } finally {
    neighbour.stop();
  }
  await sleep(SETTLE_MS);
}

function* rowsOf(running) {
  const row = { suite: 'busy', unit: 'ms' };
  for (const { peer, idle } of running)
    yield { ...row, case: `${CASE}, idle`, peer: peer.name, samples: idle };
  for (const { peer, busy: samples } of running)
    yield { ...row, case: `${CASE}, a busy neighbour`, peer: peer.name, samples };
  for (const { peer, idle, busy: samples } of running) {
    const slowdown = median(samples) / median(idle);
    yield {
      ...row,
      case: `${CASE}, busy over idle`,
      peer: peer.name,
      unit: '×',
      samples: [slowdown],
    };
  }
}

module.exports = { busy, PEERS: BUSY };
