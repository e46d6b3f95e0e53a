// The networks that are timed: random weights, saved once and loaded by every peer.
'use strict';

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { BitConfig, BitForImageClassification, BitImageProcessor } = require('../..');
const { PYTHON, here } = require('./peers');

const CACHE = path.join(__dirname, '..', '.cache');

/** Widths and depths of the paper, arXiv 1912.11370. */
const NETWORKS = {
  r50x1: { depths: [3, 4, 6, 3], width: 1 },
  r101x1: { depths: [3, 4, 23, 3], width: 1 },
  r50x3: { depths: [3, 4, 6, 3], width: 3 },
};

/** The checkpoint's folder; with `onnx` also model.onnx in it. */
async function modelFolder(network, { onnx }) {
  const folder = path.join(CACHE, network);
  if (!fs.existsSync(path.join(folder, 'model.safetensors'))) {
    const { depths, width } = NETWORKS[network];
    const config = new BitConfig({
      depths,
      embeddingSize: 64 * width,
      hiddenSizes: [256, 512, 1024, 2048].map((size) => width * size),
      numLabels: 1000,
    });
    const model = await BitForImageClassification.fromConfig(config, { seed: 1 });
    await model.savePretrained(folder);
    await model.dispose();
  }
  if (onnx && !fs.existsSync(path.join(folder, 'model.onnx'))) {
    console.error(`exporting ${network} to ONNX`);
    const { status, stderr } = spawnSync(PYTHON, [here('export_onnx.py'), folder], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`The export to ONNX failed:\n${stderr}`);
  }
  return folder;
}

/** R50x1 with a preprocessor as google/bit-50 has it, for jobs. */
async function jobModel() {
  const folder = await modelFolder('r50x1', { onnx: false });
  const size = { size: { shortestEdge: 448 }, cropSize: { height: 448, width: 448 } };
  await new BitImageProcessor(size).savePretrained(folder);
  return folder;
}

module.exports = { CACHE, NETWORKS, jobModel, modelFolder };
