// `npm run batch:memory`: a job of very many inputs by a tiny model. Prints how memory grows with them.
'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const sharp = require('sharp');
const { BitConfig, BitForImageClassification, BitImageProcessor, batch } = require('./common');
const { numbers, report } = require('./common');

const SIDE = 32;
const FILES = 50;
/** Memory is looked at every so many rows. */
const EVERY = 500;
/** What comes before is how a process gets going. */
const WARM = 0.2;
/** The most that 100,000 inputs may add: what a garbage collector leaves for later. */
const MOST_MB = 30;

async function model(folder) {
  const config = new BitConfig({
    ...{ embeddingSize: 8, hiddenSizes: [8, 16], depths: [1, 1], numGroups: 4, numLabels: 10 },
  });
  const network = await BitForImageClassification.fromConfig(config, { seed: 1 });
  await network.savePretrained(folder);
  await network.dispose();
  const size = { height: SIDE, width: SIDE };
  await new BitImageProcessor({ size: { shortestEdge: SIDE }, cropSize: size }).savePretrained(
    folder,
  );
  return folder;
}

/** Names of a few files, each many times: as many rows as there would be of as many files. */
async function listOf(folder, count) {
  fs.mkdirSync(folder);
  for (let i = 0; i < FILES; i++) {
    const pixels = Buffer.alloc(SIDE * SIDE * 3, 5 * i);
    const image = sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 3 } });
    await image.jpeg().toFile(path.join(folder, `${i}.jpg`));
  }
  const list = path.join(folder, 'list.txt');
  const file = fs.openSync(list, 'w');
  for (let i = 0; i < count; i++) fs.writeSync(file, `${path.join(folder, `${i % FILES}.jpg`)}\n`);
  fs.closeSync(file);
  return list;
}

/** Least squares: of y for each step of x. */
function slopeOf(points) {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(points.map((each) => each.x)), mean(points.map((each) => each.y))];
  const numerator = points.reduce((sum, each) => sum + (each.x - x) * (each.y - y), 0);
  return numerator / points.reduce((sum, each) => sum + (each.x - x) ** 2, 0);
}

async function main() {
  const { inputs } = numbers({ inputs: 100_000 });
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bit memory '));
  const filesFrom = await listOf(path.join(folder, 'pictures'), inputs);
  const options = { model: await model(path.join(folder, 'model')), filesFrom, topK: 1 };
  const points = [];
  const begun = performance.now();
  let rows = 0;
  for await (const { error } of batch({ ...options, output: path.join(folder, 'out') })) {
    if (error) throw new Error(error.message);
    if (++rows % EVERY === 0) points.push({ x: rows, y: process.memoryUsage().rss / 1e6 });
  }
  const seconds = (performance.now() - begun) / 1000;
  fs.rmSync(folder, { recursive: true });
  const slope = slopeOf(points.slice(WARM * points.length)) * 100_000;
  const figures = {
    ...{ rows, rowsPerSecond: Math.round(rows / seconds) },
    startMB: Math.round(points[0].y),
    endMB: Math.round(points.at(-1).y),
    slopeMBPer100000: Number(slope.toFixed(1)),
  };
  report(figures, { 'each input is a row': rows === inputs, 'memory is flat': slope < MOST_MB });
}

main();
