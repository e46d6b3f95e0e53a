// `npm run load`: many single images at once against the same images in batches; then with a full
// queue. Prints the throughputs and their ratio.
'use strict';

const { BitConfig, BitForImageClassification, Tensor } = require('./common');
const { numbers, pixels, report } = require('./common');

const BATCH = 8;
/** Half as wide as R50x1, with less than half its blocks: two milliseconds an image on two cores. */
const config = new BitConfig({
  embeddingSize: 32,
  hiddenSizes: [128, 256, 512, 1024],
  depths: [1, 2, 2, 2],
  numLabels: 10,
});

const same = (a, b) => Buffer.from(a.buffer).equals(Buffer.from(b.buffer));

/** The images as batches of BATCH. */
function batches(images) {
  const joined = [];
  for (let i = 0; i < images.length; i += BATCH) {
    const part = images.slice(i, i + BATCH);
    const data = new Float32Array(part.length * part[0].data.length);
    part.forEach((image, k) => data.set(image.data, k * image.data.length));
    joined.push(Tensor.from(data, [part.length, ...part[0].shape.slice(1)]));
  }
  return joined;
}

async function perSecond(count, work) {
  const start = performance.now();
  await work();
  return (1000 * count) / (performance.now() - start);
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

async function throughput(model, images, rounds) {
  const batched = batches(images);
  const single = [];
  const together = [];
  const once = {
    single: () => Promise.all(images.map((image) => model.forward(image))),
    together: () => Promise.all(batched.map((batch) => model.forward(batch))),
  };
  await once.single();
  await once.together();
  for (let round = 0; round < rounds; round++) {
    single.push(await perSecond(images.length, once.single));
    together.push(await perSecond(images.length, once.together));
  }
  return { single: median(single), together: median(together) };
}

async function bounded(images, expected) {
  const model = await BitForImageClassification.fromConfig(config, {
    seed: 1,
    batching: { maxBatch: BATCH, maxQueue: 50 },
  });
  const ends = await Promise.allSettled(images.map((image) => model.forward(image)));
  await model.dispose();
  const answered = ends.filter(({ status }) => status === 'fulfilled').length;
  const right = ends.every((end, i) =>
    end.status === 'fulfilled'
      ? same(end.value.logits.data, expected[i])
      : end.reason.code === 'ERR_BIT_OVERLOADED',
  );
  return { answered, overloaded: ends.length - answered, right };
}

async function main() {
  const { calls, rounds, side } = numbers({ calls: 1000, rounds: 7, side: 160 });
  const images = Array.from({ length: calls }, (_, i) => pixels(i, 1, side));
  const load = (batching) => BitForImageClassification.fromConfig(config, { seed: 1, batching });
  const alone = await load(false);
  const expected = [];
  for (const image of images) expected.push((await alone.forward(image)).logits.data);
  await alone.dispose();

  const model = await load({ maxBatch: BATCH });
  const got = await Promise.all(images.map((image) => model.forward(image)));
  const right = got.every(({ logits }, i) => same(logits.data, expected[i]));
  const { single, together } = await throughput(model, images, rounds);
  const { latency } = model.stats();
  await model.dispose();
  const full = await bounded(images, expected);
  const figures = {
    calls,
    imagesPerSecond: { single: Math.round(single), together: Math.round(together) },
    ratio: Number((single / together).toFixed(3)),
    p99Ms: latency.p99Ms,
    bounded: { answered: full.answered, overloaded: full.overloaded },
  };
  report(figures, {
    everyAnswerRight: right,
    boundedAnswersRight: full.right,
    fullQueueRefuses: full.overloaded > 0,
  });
}

main();
