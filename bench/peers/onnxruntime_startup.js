// A process that loads the exported model, asks for logits once and prints the megabytes that it took at most.
'use strict';

const path = require('node:path');
const ort = require('onnxruntime-node');
const { pixels } = require('./serve');

async function main(folder) {
  const session = await ort.InferenceSession.create(path.join(folder, 'model.onnx'));
  await session.run({ pixels: new ort.Tensor('float32', pixels(1, 224), [1, 3, 224, 224]) });
  console.log(process.resourceUsage().maxRSS / 1024);
}

main(process.argv[2]);
