// `npm run kill`: ends workers and processes at random moments with calls in flight, again and
// again. Each must go within seconds, and what is left must go on.
'use strict';

const { spawn } = require('node:child_process');
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');
const { BitForImageClassification } = require('./common');
const { config, numbers, pixels, random, report, wait } = require('./common');

const PATIENCE_MS = 60_000;
const SIDE = 96;
/** How a victim ends; `terminate` is for workers, `SIGKILL` and `exit` for processes too. */
const WORKER_ENDS = ['terminate', 'throw', 'exit'];
const PROCESS_ENDS = ['exit', 'throw', 'SIGTERM', 'SIGKILL'];

/** Keeps calls in flight for ever, and ends itself as asked. */
async function victim({ handle, end, delay }) {
  const model = handle
    ? await BitForImageClassification.fromShared(handle)
    : await BitForImageClassification.fromConfig(config, { seed: 1 });
  if (end === 'exit') setTimeout(() => process.exit(0), delay);
  if (end === 'throw')
    setTimeout(() => {
      throw new Error('on purpose');
    }, delay);
  const one = async () => {
    for (let i = 0; ; i++) await model.forward(pixels(i, 1, SIDE)).catch(() => wait(1));
  };
  await Promise.all(Array.from({ length: 8 }, one));
}

/** Resolves with whether `ended` came in time. */
const inTime = (ended) =>
  Promise.race([ended.then(() => true), wait(PATIENCE_MS).then(() => false)]);

async function killWorker(handle, end, delay) {
  const worker = new Worker(__filename, { workerData: { handle, end, delay }, stderr: true });
  worker.on('error', () => undefined);
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  if (end === 'terminate') {
    await wait(delay);
    worker.terminate();
  }
  return inTime(ended);
}

/** Codes that the ends have; a crash in native code would be another signal. */
const PROCESS_CODES = { exit: 0, throw: 1, SIGTERM: 'SIGTERM', SIGKILL: 'SIGKILL' };

async function killProcess(end, delay) {
  const child = spawn(process.execPath, [__filename, '--victim', JSON.stringify({ end, delay })], {
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) =>
    child.once('exit', (code, signal) => resolve(signal ?? code)),
  );
  if (end.startsWith('SIG')) {
    await wait(delay);
    child.kill(end);
  }
  return (await inTime(ended)) && (await ended) === PROCESS_CODES[end];
}

/** Calls without end beside those of the dying, in batches with them; each answer must be right. */
function survive(model, expected) {
  const input = pixels(1, 1, SIDE);
  const counts = { answers: 0, wrong: 0 };
  let ending = false;
  const one = async () => {
    while (!ending) {
      const { logits } = await model.forward(input);
      counts.answers++;
      if (!Buffer.from(logits.data.buffer).equals(expected)) counts.wrong++;
    }
  };
  const all = Promise.all([one(), one()]);
  const stop = async () => {
    ending = true;
    await all;
    return counts;
  };
  return { stop };
}

async function main() {
  const { times, share } = numbers({ times: 200, share: 0.75 });
  const next = random(11);
  const model = await BitForImageClassification.fromConfig(config, { seed: 1 });
  const expected = Buffer.from((await model.forward(pixels(1, 1, SIDE))).logits.data.buffer);
  const survivors = survive(model, expected);
  const workers = Math.round(times * share);
  const wrong = [];
  const pick = (ends, i) => ends[i % ends.length];
  for (let i = 0; i < workers; i++) {
    const end = pick(WORKER_ENDS, i);
    const handle = i % 2 ? model.share() : null;
    if (!(await killWorker(handle, end, 300 * next()))) wrong.push(`worker ${i}: ${end}`);
  }
  for (let i = 0; i < times - workers; i++) {
    const end = pick(PROCESS_ENDS, i);
    if (!(await killProcess(end, 1500 * next()))) wrong.push(`process ${i}: ${end}`);
  }
  const survived = await survivors.stop();
  const { queue } = model.stats();
  await model.dispose();
  const figures = { workers, processes: times - workers, wrong, answers: survived.answers };
  report(figures, {
    allEnded: wrong.length === 0,
    rightAnswers: survived.answers > 0 && survived.wrong === 0,
    nothingLeft: queue.waiting + queue.running === 0,
  });
}

const argument = process.argv.indexOf('--victim');
if (!isMainThread && parentPort) victim(workerData);
else if (argument > 0) victim(JSON.parse(process.argv[argument + 1]));
else main();
