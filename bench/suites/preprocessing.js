// JPEG files to pixel values: on one core each, and with all cores.
'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const sharp = require('sharp');
const { BitImageProcessor } = require('../..');
const { CACHE } = require('../harness/models');
const { PREPROCESSING } = require('../harness/peers');
const { turn } = require('../harness/statistics');
const { Worker } = require('../harness/worker');

/** Files of one call. */
const FILES = 16;
/** Of each size, calls of a turn: for about half a second, since it is the rate that counts. */
const SIZES = [
  { name: '640x427', width: 640, height: 427, times: 10 },
  { name: '4000x2667', width: 4000, height: 2667, times: 2 },
];

async function photographs({ name, width, height }) {
  const source = path.join(__dirname, '..', '..', 'examples', 'pictures', 'coffee.jpg');
  const folder = path.join(CACHE, 'photographs');
  fs.mkdirSync(folder, { recursive: true });
  const files = [];
  for (let i = 0; i < FILES; i++) {
    const file = path.join(folder, `${name}-${i}.jpg`);
    // Differently bright, so that no two are the same file.
    await sharp(source)
      .resize(width, height, { fit: 'fill' })
      .linear(1, i)
      .jpeg({ quality: 90 })
      .toFile(file);
    files.push(file);
  }
  return files;
}

async function* preprocessing({ peers, rounds, chosen, log }) {
  for (const size of SIZES) {
    for (const cores of [1, os.availableParallelism()]) {
      const name = `${size.name} JPEG, ${cores === 1 ? 'one core' : `${cores} cores`}`;
      const { times } = size;
      if (chosen(name))
        yield* oneCase(name, await photographs(size), { cores, times, peers, rounds, log });
    }
  }
}

async function* oneCase(name, files, { cores, times, peers, rounds, log }) {
  const settings = new BitImageProcessor().toJSON();
  const running = [];
  try {
    for (const peer of peers) {
      const pinned = cores === 1 ? ['taskset', '-c', '0', ...peer.command] : peer.command;
      const worker = new Worker(peer.name, pinned);
      running.push({ peer, worker, samples: [] });
      Object.assign(running.at(-1), await worker.ask('prepare', { files, settings }));
    }
    check(running);
    for (let round = 0; round < rounds; round++) {
      log(`${name}: round ${round + 1} of ${rounds}`);
      for (const { worker, samples } of turn(running, round))
        samples.push(...(await worker.ask('run', { times })).samples);
    }
    for (const { peer, samples } of running)
      yield {
        suite: 'preprocessing',
        case: name,
        batch: FILES,
        peer: peer.name,
        unit: 'ms',
        samples,
      };
  } finally {
    for (const { worker } of running) worker.end();
  }
}

function check(running) {
  const reference = running.find(({ peer }) => peer.reference);
  if (!reference) return;
  for (const { peer, values } of running) {
    if (peer.exact && values.some((value, i) => value !== reference.values[i]))
      throw new Error(`${peer.name} does not give the pixel values of ${reference.peer.name}`);
  }
}

module.exports = { preprocessing, PEERS: PREPROCESSING };
