// `npm run bench:event-loop`: how late the event loop is while inference has all cores, beside the
// same work done on the event loop.
'use strict';

const { monitorEventLoopDelay } = require('node:perf_hooks');
const { BitConfig, BitModel } = require('./common');
const { numbers, pixels, report, wait } = require('./common');

const RESOLUTION_MS = 1;

/** Percentiles in milliseconds while `work` runs. */
async function delays(work) {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  await work();
  histogram.disable();
  const at = (p) => Number((histogram.percentile(p) / 1e6).toFixed(2));
  return { p50: at(50), p99: at(99), max: Number((histogram.max / 1e6).toFixed(2)) };
}

/** Keeps `inFlight` calls on their way. */
async function saturate(model, input, seconds, inFlight) {
  const end = performance.now() + 1000 * seconds;
  let images = 0;
  const one = async () => {
    while (performance.now() < end) {
      await model.forward(input);
      images++;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, one));
  return images / seconds;
}

/** As libraries do that compute on the event loop: nothing else has its turn until it is done. */
async function block(milliseconds, seconds) {
  const end = performance.now() + 1000 * seconds;
  while (performance.now() < end) {
    const until = performance.now() + milliseconds;
    while (performance.now() < until);
    await wait(0);
  }
}

async function main() {
  const { seconds, most } = numbers({ seconds: 10, most: 10 });
  const model = await BitModel.fromConfig(new BitConfig(), { seed: 1 });
  const input = pixels(1, 1, 224);
  await saturate(model, input, 1, 4);
  let images = 0;
  const idle = await delays(() => wait(1000 * Math.min(seconds, 2)));
  const computing = await delays(async () => {
    images = await saturate(model, input, seconds, 16);
  });
  const blocking = await delays(() => block(1000 / images, Math.min(seconds, 3)));
  await model.dispose();
  const figures = { imagesPerSecond: Number(images.toFixed(1)), idle, computing, blocking };
  report(figures, { [`p99 under ${most} ms`]: computing.p99 < most });
}

main();
