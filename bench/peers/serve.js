// The other end of harness/worker.js for peers in Node.
'use strict';

const readline = require('node:readline');

/** @param operations functions by name, from a request to an answer */
async function serve(operations) {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    let answer;
    try {
      answer = (await operations[request.op](request)) ?? {};
    } catch (error) {
      answer = { error: error.stack };
    }
    process.stdout.write(`@${JSON.stringify(answer)}\n`);
  }
}

/** Milliseconds that each of `times` calls of `work` takes. */
async function timed(times, work) {
  const samples = [];
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    await work();
    samples.push(performance.now() - start);
  }
  return samples;
}

/** The input that all peers get: noise from -1 to 1 by Knuth's multiplicative hash, [batch, 3, size, size]. */
function pixels(batch, size) {
  const noise = (_, i) => (Math.imul(i, 2654435761) >>> 0) / 2 ** 31 - 1;
  return Float32Array.from({ length: batch * 3 * size * size }, noise);
}

module.exports = { pixels, serve, timed };
