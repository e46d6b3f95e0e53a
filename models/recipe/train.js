// Trains the small BiT of models/bit-mini-scenes from scratch on rendered scenes, by the package's own fineTune().
//
//   node models/recipe/train.js --out models/bit-mini-scenes
//
// The constants are the recipe. What was interrupted goes on by the same command.

const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');

const { fineTune } = require('../..');
const { measureAccuracy } = require('./accuracy');
const { writeHalf } = require('./half_precision');
const { INPUT_SIDE, RESIZED_SIDE, writeNetwork } = require('./network');
const { CLASSES, PICTURE_SIDE, SPLITS, renderFolder } = require('./render');

/** Pictures of each class, by split. */
const PER_CLASS = { train: 1875, validation: 40, test: 100 };

const RECIPE = {
  batchSize: 64,
  batchSplit: 1,
  learningRate: 0.1,
  // The end of the warm-up, two cuts of the rate to a tenth, and the end.
  schedule: [200, 3500, 4500, 5000],
  weightDecay: 5e-4,
  mixup: 0.1,
  resize: RESIZED_SIDE,
  crop: INPUT_SIDE,
  seed: 7,
};
/** So that little is lost where it is interrupted. */
const SAVE_STEPS = 200;
const TOLD_STEPS = 50;

const WEIGHTS = 'model.safetensors';
/**
 * Weight decay makes features small and the head large, and who transfers the network starts from its features alone. The
 * least power of two by which the last norm's weights, 1 at the beginning, are 1 again in the root mean square; no answer
 * changes by it, for between norm and head are a ReLU and a mean.
 */
const LARGER = 4;
const FACTORS = {
  'bit.norm.weight': LARGER,
  'bit.norm.bias': LARGER,
  'classifier.1.weight': 1 / LARGER,
};

/** Renders what is not there yet. */
async function render(work) {
  for (const [split, perClass] of Object.entries(PER_CLASS)) {
    console.log(`${CLASSES.length * perClass} pictures of ${split}: ${path.join(work, split)}`);
    const plan = { classes: CLASSES, firstSeed: SPLITS[split], perClass, side: PICTURE_SIDE };
    await renderFolder(path.join(work, split), { ...plan, format: 'png' });
  }
}

/** @returns {Promise<string>} the folder of the trained model, float32 */
async function train(work, threads) {
  const network = path.join(work, 'network');
  await writeNetwork(network);
  const output = path.join(work, 'run');
  const run = fineTune(network, path.join(work, 'train'), {
    ...RECIPE,
    fromScratch: true,
    // The schedule alone says when it ends: no picture is looked at to choose among weights.
    validation: null,
    output,
    threads,
    saveSteps: SAVE_STEPS,
  });
  let sum = 0;
  for await (const { step, steps, loss, imagesPerSecond, secondsLeft } of run) {
    sum += loss;
    if (step % TOLD_STEPS !== 0) continue;
    const pace = `${imagesPerSecond.toFixed(0)} images/s, ${(secondsLeft / 60).toFixed(0)} min left`;
    console.log(`step ${step} of ${steps}: loss ${(sum / TOLD_STEPS).toFixed(4)}, ${pace}`);
    sum = 0;
  }
  await run.result();
  return output;
}

/** How good the model of a directory is on the pictures of a split. */
async function measure(model, work, split) {
  const seeds = { first: SPLITS[split], perClass: PER_CLASS[split] };
  const measured = await measureAccuracy(model, path.join(work, split), seeds);
  const [low, high] = measured.interval.map((share) => (100 * share).toFixed(1));
  const accuracy = (100 * measured.accuracy).toFixed(2);
  console.log(`${split}: ${accuracy} % of ${measured.pictures} (${low} to ${high} %)`);
  return measured;
}

async function main() {
  const { values } = parseArgs({
    options: {
      out: { type: 'string' },
      work: { type: 'string', default: 'artifacts/bit-mini-scenes' },
      threads: { type: 'string', default: '2' },
    },
  });
  const { out, work } = values;
  if (!out) {
    console.error('usage: train.js --out DIR [--work DIR for pictures and the run] [--threads N]');
    process.exit(2);
  }
  await render(work);
  const trained = await train(work, Number(values.threads));
  await writeNetwork(out, 'float16');
  writeHalf(path.join(trained, WEIGHTS), path.join(out, WEIGHTS), FACTORS);
  // Rounding is part of what is measured.
  await measure(out, work, 'validation');
  const accuracy = await measure(out, work, 'test');
  fs.writeFileSync(path.join(out, 'accuracy.json'), `${JSON.stringify(accuracy, null, 2)}\n`);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
