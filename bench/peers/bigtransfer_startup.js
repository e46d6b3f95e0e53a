// A process that loads a checkpoint, asks for logits once and prints the megabytes that it took at most.
'use strict';

const { BitForImageClassification, Tensor } = require('../..');
const { pixels } = require('./serve');

async function main(folder) {
  const model = await BitForImageClassification.fromPretrained(folder);
  await model.forward(Tensor.from(pixels(1, 224), [1, 3, 224, 224]));
  console.log(process.resourceUsage().maxRSS / 1024);
}

main(process.argv[2]);
