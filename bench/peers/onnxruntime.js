// onnxruntime-node on the model that export_onnx.py made of the same checkpoint.
'use strict';

const path = require('node:path');
const ort = require('onnxruntime-node');
const { pixels, serve, timed } = require('./serve');

let session;
let feeds;

serve({
  versions: () => ({ 'onnxruntime-node': require('onnxruntime-node/package.json').version }),
  async load({ folder }) {
    await session?.release();
    session = await ort.InferenceSession.create(path.join(folder, 'model.onnx'));
  },
  async prepare({ batch, size }) {
    feeds = { pixels: new ort.Tensor('float32', pixels(batch, size), [batch, 3, size, size]) };
    const { logits } = await session.run(feeds);
    return { logits: [...logits.data] };
  },
  run: async ({ times }) => ({ samples: await timed(times, () => session.run(feeds)) }),
});
