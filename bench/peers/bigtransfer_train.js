// Steps of training, ours. Arguments: the dtype, and the device, 'cpu' where it is left out.
'use strict';

const path = require('node:path');
const { BitConfig, systemInfo, version } = require('../..');
const { Learner } = require('../../dist/training/learner');
const { pixels, serve, timed } = require('./serve');

const [, , dtype, device = 'cpu'] = process.argv;
const RATE = 0.003;

let learner;
let batch;

const step = () => learner.step([batch], batch.labels.data.length, RATE);

module.exports = serve({
  versions: () => ({
    ...{ bigtransfer: version, libtorch: systemInfo().libtorch.version },
    ...(device === 'cuda' && { GPU: systemInfo().devices[0].name }),
  }),
  async load({ folder }) {
    const config = await BitConfig.fromPretrained(folder);
    const problemType = 'single_label_classification';
    learner = await Learner.begin(
      [path.join(folder, 'model.safetensors')],
      {
        ...{ config, dtype, problemType, gradientCheckpointing: false },
        ...{ momentum: 0.9, weightDecay: 0, seed: 0, threads: 0, device, allowTf32: true },
      },
      { zeroHead: false },
    );
  },
  async prepare({ batch: images, size }) {
    const data = BigInt64Array.from({ length: images }, (_, i) => BigInt(i));
    batch = {
      pixelValues: {
        dtype: 'float32',
        shape: [images, 3, size, size],
        data: pixels(images, size),
      },
      labels: { dtype: 'int64', shape: [images], data },
      mixing: null,
      dropSeed: 0,
      first: 0,
      of: images,
    };
    return { losses: [await step(), await step(), await step()] };
  },
  run: async ({ times }) => ({ samples: await timed(times, step) }),
  memory: () => ({ megabytes: process.resourceUsage().maxRSS / 1024 }),
});
