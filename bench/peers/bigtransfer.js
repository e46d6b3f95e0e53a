// Ours. Argument: the dtype.
'use strict';

const { BitForImageClassification, Tensor, systemInfo, version } = require('../..');
const { pixels, serve, timed } = require('./serve');

const [dtype] = process.argv.slice(2);
let model;
let input;

serve({
  versions: () => ({ bigtransfer: version, libtorch: systemInfo().libtorch.version }),
  async load({ folder }) {
    await model?.dispose();
    model = await BitForImageClassification.fromPretrained(folder, { dtype });
  },
  async prepare({ batch, size }) {
    input = Tensor.from(pixels(batch, size), [batch, 3, size, size]);
    const { logits } = await model.forward(input);
    return { logits: [...logits.data] };
  },
  run: async ({ times }) => ({ samples: await timed(times, () => model.forward(input)) }),
});
