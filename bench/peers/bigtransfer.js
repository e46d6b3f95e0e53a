// Ours. Argument: the dtype; under jest, which takes the arguments for itself, DTYPE. PACKAGE names
// another copy of it.
'use strict';

const { PACKAGE = '../..', DTYPE: dtype = process.argv[2] } = process.env;
const { BitForImageClassification, Tensor, systemInfo, version } = require(PACKAGE);
const { pixels, serve, timed } = require('./serve');

let model;
let input;

module.exports = serve({
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
