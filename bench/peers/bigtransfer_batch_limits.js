// What a batch job cannot be quicker than: files to pixel values alone, or pixel values to logits alone. Prints
// milliseconds for each image.
'use strict';

const fs = require('node:fs');
const { BitForImageClassification, BitImageProcessor } = require('../..');

const BATCH = 8;

async function decoding(model, files) {
  const processor = await BitImageProcessor.fromPretrained(model);
  const once = () => Promise.all(batches(files).map((batch) => processor.preprocess(batch)));
  await once();
  return timed(once, files.length);
}

async function network(model, files) {
  const processor = await BitImageProcessor.fromPretrained(model);
  const classifier = await BitForImageClassification.fromPretrained(model);
  const inputs = await processor.preprocess(files.slice(0, BATCH));
  const once = async () => {
    for (let i = 0; i < files.length; i += BATCH) await classifier.forward(inputs);
  };
  await classifier.forward(inputs);
  return timed(once, BATCH * Math.ceil(files.length / BATCH));
}

const batches = (files) =>
  Array.from({ length: Math.ceil(files.length / BATCH) }, (_, i) =>
    files.slice(i * BATCH, (i + 1) * BATCH),
  );

async function timed(once, images) {
  const start = performance.now();
  await once();
  return (performance.now() - start) / images;
}

async function main(what, model, list) {
  const files = fs.readFileSync(list, 'utf8').split('\n');
  console.log(await { decoding, network }[what](model, files));
  process.exit();
}

main(...process.argv.slice(2));
