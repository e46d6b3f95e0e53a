// Batch jobs from end to end: files to rows, beside what decoding and the network take alone, and beside a
// Python script. And a folder of pictures of any size, some of them huge, through the small model.
'use strict';

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { jobModel } = require('../harness/models');
const { BATCH, BATCH_FOLDER } = require('../harness/peers');
const { photographs } = require('../harness/photographs');
const { turn } = require('../harness/statistics');

const SIZE = { width: 640, height: 427, count: 64 };
const KINDS = ['jpg', 'png'];
/** GNU time, for the memory and the processor time of whatever language. */
const TIME = ['/usr/bin/time', '-f', '@%e %U %S %M'];

async function* batch({ peers, rounds, chosen, log }) {
  const model = await jobModel();
  for (const kind of KINDS) {
    const name = `R50x1@448, ${SIZE.width}x${SIZE.height} ${kind.toUpperCase()} to rows`;
    if (!chosen(name)) continue;
    const list = listOf(await photographs({ ...SIZE, kind }));
    const figures = peers.map((peer) => ({ peer, samples: [] }));
    for (let round = 0; round < rounds; round++) {
      log(`${name}: round ${round + 1} of ${rounds}`);
      for (const { peer, samples } of turn(figures, round))
        if (!peer.folder)
          samples.push(Number(run(peer, [model, list]).stdout.trim().split('\n').at(-1)));
    }
    for (const { peer, samples } of figures)
      if (!peer.folder)
        yield { suite: 'batch', case: name, batch: 1, peer: peer.name, unit: 'ms', samples };
  }
  yield* folder({ peers, rounds, chosen, log });
}

/** The folders that PICTURES names, through the model of the package. */
async function* folder({ peers, rounds, chosen, log }) {
  const { PICTURES } = process.env;
  if (!PICTURES) return;
  const list = listOf(PICTURES.split(path.delimiter).flatMap(filesOf));
  const name = `${fs.readFileSync(list, 'utf8').split('\n').length} files of PICTURES to rows`;
  if (!chosen(name)) return;
  const figures = peers.filter((peer) => peer.folder).map((peer) => ({ peer, runs: [] }));
  for (let round = 0; round < rounds; round++) {
    log(`${name}: round ${round + 1} of ${rounds}`);
    for (const { peer, runs } of turn(figures, round)) runs.push(used(run(peer, [list], TIME)));
  }
  const row = { suite: 'batch', case: name };
  for (const unit of ['s', 'MB', '% of a core'])
    for (const { peer, runs } of figures)
      yield { ...row, peer: peer.name, unit, samples: runs.map((each) => each[unit]) };
}

const filesOf = (place) =>
  fs
    .readdirSync(place, { recursive: true })
    .filter((name) => /\.(png|jpe?g|webp)$/i.test(name))
    .sort()
    .map((name) => path.join(place, name));

function listOf(files) {
  const list = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'bigtransfer-bench-')), 'list.txt');
  fs.writeFileSync(list, files.join('\n'));
  return list;
}

function run(peer, args, before = []) {
  const [command, ...rest] = [...before, ...peer.command, ...args];
  const result = spawnSync(command, rest, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (result.error) throw result.error;
  if (result.status !== 0) throw new Error(`${peer.name} failed:\n${result.stderr.slice(-2000)}`);
  return result;
}

/** From the last line of GNU time. */
function used({ stderr }) {
  const [wall, user, system, kilobytes] = stderr.trim().split('@').at(-1).split(' ').map(Number);
  return { s: wall, MB: kilobytes / 1024, '% of a core': (100 * (user + system)) / wall };
}

module.exports = { batch, PEERS: [...BATCH, ...BATCH_FOLDER], ONE_SHOT: true };
