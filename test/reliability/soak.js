// `npm run soak`: calls of mixed sizes, errors, aborts and disposals, and the memory they leave.
'use strict';

const { BitForImageClassification, Tensor } = require('./common');
const { config, numbers, pixels, random, report, wait } = require('./common');

const SIDES = [32, 48, 64, 100];
const IN_FLIGHT = 16;
/** Calls after which a model is disposed of and another one loaded. */
const MODEL_LIFE = 250;
/** Which the model refuses. */
const GREY = Tensor.from(new Float32Array(4), [1, 1, 2, 2]);

const load = () =>
  BitForImageClassification.fromConfig(config, { seed: 1, batching: { maxQueue: 64 } });

/** Time for the process to end by itself. */
const ENDING_MS = 10_000;

/** How a call may end that is stopped, or refused. */
function endOf({ name, code }) {
  if (name === 'AbortError' || code === 'ERR_BIT_DISPOSED') return 'stopped';
  return code === 'ERR_BIT_SHAPE' ? 'refused' : 'unexpected';
}

/** One call of some kind: answered, refused, or aborted before, at or after its start. */
async function call(model, next, outcomes) {
  const count = 1 + Math.floor(3 * next());
  const input = pixels(next(), count, SIDES[Math.floor(SIDES.length * next())]);
  const kind = next();
  const controller = new AbortController();
  if (kind < 0.1) setTimeout(() => controller.abort(), 4 * next());
  else if (kind < 0.15) controller.abort();
  try {
    const { logits } = await model.forward(kind > 0.9 ? GREY : input, {
      signal: controller.signal,
      priority: Math.floor(3 * next()),
    });
    outcomes[logits.shape[0] === count ? 'answered' : 'unexpected']++;
  } catch (error) {
    outcomes[endOf(error)]++;
  }
}

/** Least squares through (i, values[i]). */
function slope(values) {
  const n = values.length;
  const meanX = (n - 1) / 2;
  const meanY = values.reduce((a, b) => a + b, 0) / n;
  let top = 0;
  let bottom = 0;
  values.forEach((y, x) => {
    top += (x - meanX) * (y - meanY);
    bottom += (x - meanX) ** 2;
  });
  return top / bottom;
}

async function main() {
  const { calls, samples } = numbers({ calls: 10_000, samples: 20 });
  const next = random(7);
  const outcomes = { answered: 0, refused: 0, stopped: 0, unexpected: 0 };
  const resident = [];
  const handles = process.getActiveResourcesInfo();
  let model = await load();
  let made = 0;
  const perSample = Math.floor(calls / samples);
  for (let sample = 0; sample < samples; sample++) {
    for (let done = 0; done < perSample; done += IN_FLIGHT, made += IN_FLIGHT) {
      const flight = Array.from({ length: IN_FLIGHT }, () => call(model, next, outcomes));
      if (made % MODEL_LIFE < IN_FLIGHT) {
        const old = model;
        model = await load();
        await old.dispose({ cancel: next() < 0.5 });
      }
      await Promise.all(flight);
    }
    globalThis.gc?.();
    resident.push(process.memoryUsage.rss() / 2 ** 20);
  }
  await model.dispose();
  await wait(50);
  const left = process.getActiveResourcesInfo().filter((each) => !handles.includes(each));
  // The first half warms allocators and V8 up.
  const steady = resident.slice(samples / 2);
  const perThousand = (slope(steady) * 1000) / perSample;
  const figures = {
    calls: made,
    ...outcomes,
    residentMegabytes: resident.map(Math.round),
    megabytesPerThousandCalls: Number(perThousand.toFixed(3)),
    left,
  };
  const grown = Math.max(...steady) - steady[0];
  report(figures, {
    everyEndExpected: outcomes.unexpected === 0,
    memoryFlat: grown < 24,
    noHandlesLeft: left.length === 0,
  });
  // A native handle that was left would keep the process, and be on no list.
  setTimeout(() => {
    console.error('soak: the process does not end by itself');
    process.exit(1);
  }, ENDING_MS).unref();
}

main();
