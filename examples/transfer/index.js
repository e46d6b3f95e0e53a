// Eight things from five drawings each: the small model transferred, its head alone, and the same network
// from scratch.
//
//   node examples/transfer [EXAMPLES PER CLASS]
'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { evaluate, fineTune } = require('../..');
const { renderPixels } = require('../../models/recipe/render');
const drawings = require('./drawings');

const SIDE = 128;
/** Seeds of one are never those of the other. */
const TRAIN_FROM = 0;
const TEST_FROM = 1_000_000;
const TEST_PER_CLASS = 50;

/** A folder for each class. */
async function render(folder, perClass, from) {
  for (const [index, name] of Object.keys(drawings).entries()) {
    fs.mkdirSync(path.join(folder, name), { recursive: true });
    for (let seed = from; seed < from + perClass; seed++) {
      const bytes = await renderPixels(index, seed, SIDE, drawings);
      fs.writeFileSync(path.join(folder, name, `${seed}.png`), bytes);
    }
  }
  return folder;
}

async function main() {
  const perClass = Number(process.argv[2] ?? 5);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'transfer-'));
  try {
    const train = await render(path.join(folder, 'train'), perClass, TRAIN_FROM);
    const test = await render(path.join(folder, 'test'), TEST_PER_CLASS, TEST_FROM);
    const ways = {
      'from scratch': { fromScratch: true },
      'head alone': { headOnly: true },
      'all of it': {},
    };
    for (const [name, options] of Object.entries(ways)) {
      const start = performance.now();
      const output = path.join(folder, name);
      await fineTune(null, train, { output, validation: null, ...options }).result();
      const seconds = (performance.now() - start) / 1000;
      const { accuracy, interval, examples } = await evaluate(output, test);
      const [low, high] = interval.map((share) => (100 * share).toFixed(1));
      console.log(
        `${name.padEnd(13)} ${(100 * accuracy).toFixed(1)} % of ${examples} (${low} to ${high} %), ${seconds.toFixed(0)} s`,
      );
    }
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

main();
