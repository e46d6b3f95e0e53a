// Ours on a GPU. Arguments: the dtype, the device.
'use strict';

const { BitForImageClassification, Tensor, pipeline, systemInfo, version } = require('../..');
const { pixels, serve, timed } = require('./serve');

const [dtype, device] = process.argv.slice(2);
/** A shape's first calls look for the best kernels and record. */
const WARM_UP = 4;
/** The row of a profile that holds the time between CUDA events around the network. */
const NETWORK = 'network';

let folder;
let model;
let input;
let classify;
let images;
let batchSize;

/**
 * Milliseconds on the device with the input there, one sample; none where the profile cannot tell.
 * On the CPU, where there are no events, of the whole call.
 */
async function onDevice() {
  if (device === 'cpu') return timed(1, () => model.forward(input));
  const row = (await model.profile(input)).find(({ name }) => name === NETWORK);
  return row ? [row.milliseconds] : [];
}

/** Log of the scores in the order of the classes: logits but for a constant. */
function logScores(answer) {
  const scores = new Float64Array(answer.length);
  for (const { label, score } of answer) scores[classify.model.config.label2id[label]] = score;
  return [...scores].map(Math.log);
}

serve({
  versions: () => ({ bigtransfer: version, libtorch: systemInfo().libtorch.version }),
  load(request) {
    ({ folder } = request);
  },
  async prepare({ batch, size, shown }) {
    model = await BitForImageClassification.fromPretrained(folder, { dtype, device });
    input = Tensor.from(pixels(batch, size), [batch, 3, size, size]);
    let logits;
    for (let i = 0; i < WARM_UP; i++) {
      await onDevice();
      ({ logits } = await model.forward(input));
    }
    return { logits: [...logits.data.subarray(0, shown * logits.shape[1])] };
  },
  async run({ times }) {
    const samples = [];
    for (let i = 0; i < times; i++) samples.push(...(await onDevice()));
    return { device: samples, wall: await timed(times, () => model.forward(input)) };
  },
  async prepare_files({ files, batch, shown }) {
    classify = await pipeline('image-classification', folder, { dtype, device });
    images = files;
    batchSize = batch;
    for (let i = 0; i < WARM_UP; i++) await classify(images, { batchSize });
    const topK = classify.model.config.numLabels;
    const answers = await classify(images.slice(0, batch), { batchSize, topK });
    return { logits: answers.slice(0, shown).flatMap(logScores) };
  },
  run_files: async ({ times }) => ({
    wall: await timed(times, () => classify(images, { batchSize })),
  }),
});
