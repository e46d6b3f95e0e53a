// How each peer is started, and which ones this machine lacks.
'use strict';

const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { machine } = require('./machine');

const PYTHON = process.env.PYTHON ?? 'python3';
const here = (name) => path.join(__dirname, '..', 'peers', name);
const node = (name, ...args) => [process.execPath, here(name), ...args];
const python = (name, ...args) => [PYTHON, here(name), ...args];

/** Peers of the inference suite. `exact`: must give the reference's values. */
const INFERENCE = [
  {
    name: 'bigtransfer float32',
    command: node('bigtransfer.js', 'float32'),
    needs: [],
    exact: true,
  },
  {
    name: 'bigtransfer bfloat16',
    command: node('bigtransfer.js', 'bfloat16'),
    needs: ['bfloat16'],
  },
  {
    name: 'onnxruntime-node float32',
    command: node('onnxruntime.js'),
    needs: ['onnxruntime-node', 'onnx export'],
  },
  {
    name: 'transformers eager float32',
    command: python('torch_inference.py', 'eager-float32'),
    needs: ['transformers'],
    reference: true,
  },
  {
    name: 'torch.compile float32',
    command: python('torch_inference.py', 'compile-float32'),
    needs: ['transformers'],
  },
  {
    name: 'torch.compile bfloat16',
    command: python('torch_inference.py', 'compile-bfloat16'),
    needs: ['transformers', 'bfloat16'],
  },
  {
    name: 'convolutions alone float32',
    command: python('torch_inference.py', 'convolutions-float32'),
    needs: ['transformers'],
  },
  {
    name: 'convolutions alone bfloat16',
    command: python('torch_inference.py', 'convolutions-bfloat16'),
    needs: ['transformers', 'bfloat16'],
  },
];

const PREPROCESSING = [
  { name: 'bigtransfer', command: node('bigtransfer_preprocessing.js'), needs: [], exact: true },
  {
    name: 'bigtransfer fastDecode',
    command: node('bigtransfer_preprocessing.js', 'fastDecode'),
    needs: [],
  },
  {
    name: 'transformers',
    command: python('transformers_preprocessing.py'),
    needs: ['transformers'],
    exact: true,
    reference: true,
  },
  {
    name: 'transformers.js',
    command: node('transformers_js_preprocessing.js'),
    needs: ['@huggingface/transformers'],
  },
];

const STARTUP = [
  { name: 'bigtransfer', command: node('bigtransfer_startup.js'), needs: [] },
  { name: 'transformers', command: python('transformers_startup.py'), needs: ['transformers'] },
  {
    name: 'onnxruntime-node',
    command: node('onnxruntime_startup.js'),
    needs: ['onnxruntime-node', 'onnx export'],
    onnx: true,
  },
];

/** From files to rows; what our job cannot be quicker than stands beside it. */
const BATCH = [
  { name: 'bigtransfer batch', command: node('bigtransfer_batch.js'), needs: [] },
  {
    name: 'our decoding alone',
    command: node('bigtransfer_batch_limits.js', 'decoding'),
    needs: [],
  },
  { name: 'our network alone', command: node('bigtransfer_batch_limits.js', 'network'), needs: [] },
  {
    name: 'transformers and a DataLoader',
    command: python('transformers_batch.py'),
    needs: ['transformers'],
  },
];

/** A whole process over a folder of pictures. */
const BATCH_FOLDER = [
  { name: 'bigtransfer batch', command: node('bigtransfer_folder.js'), needs: [], folder: true },
  {
    name: 'transformers and Pillow in a loop',
    command: python('transformers_folder.py'),
    needs: ['transformers'],
    folder: true,
  },
];

/** The version to compare with: a folder with another checkout, built. */
const { BEFORE } = process.env;
const bun = (name, ...args) => [resolved(bunBinary()) ?? 'bun', here(name), ...args];
const under = (variables, command) => [
  'env',
  ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
  ...command,
];
const jest = (name) => {
  const config = JSON.stringify({ rootDir: here(''), testMatch: [`**/${name}`] });
  return [process.execPath, require.resolve('jest/bin/jest'), '--runInBand', `--config=${config}`];
};

/** Ours in one type, wherever it may run. */
const busyOurs = (type, needs) => [
  { name: `bigtransfer ${type}`, command: node('bigtransfer.js', type), needs },
  {
    name: `bigtransfer ${type} before`,
    command: under({ PACKAGE: BEFORE }, node('bigtransfer.js', type)),
    needs: [...needs, 'before'],
  },
  {
    name: `bigtransfer ${type} in a worker`,
    command: node('bigtransfer_worker.js', type),
    needs,
  },
  {
    name: `bigtransfer ${type} under jest`,
    command: under({ DTYPE: type }, jest('bigtransfer_jest.js')),
    needs,
  },
  {
    name: `bigtransfer ${type} in Bun`,
    command: bun('bigtransfer.js', type),
    needs: [...needs, 'bun'],
  },
];

const BUSY = [
  ...busyOurs('float32', []),
  ...busyOurs('bfloat16', ['bfloat16']),
  {
    name: 'onnxruntime-node float32',
    command: node('onnxruntime.js'),
    needs: ['onnxruntime-node', 'onnx export'],
  },
];

const torchTraining = (kind, needs = []) => ({
  command: python('torch_training.py', kind),
  needs: ['transformers', ...needs],
});

/** A step of training. `exact`: must have the reference's losses. */
const TRAIN = [
  {
    name: 'bigtransfer float32',
    command: node('bigtransfer_train.js', 'float32'),
    needs: [],
    exact: true,
  },
  {
    name: 'bigtransfer bfloat16',
    command: node('bigtransfer_train.js', 'bfloat16'),
    needs: ['bfloat16'],
  },
  { name: 'transformers eager float32', ...torchTraining('eager-float32'), reference: true },
  { name: 'transformers channels-last float32', ...torchTraining('channels-last-float32') },
  { name: 'torch.compile float32', ...torchTraining('compile-float32') },
  { name: 'transformers eager bfloat16', ...torchTraining('eager-bfloat16', ['bfloat16']) },
  { name: 'torch.compile bfloat16', ...torchTraining('compile-bfloat16', ['bfloat16']) },
];

/** The same on another device; whether the CPU computes in bfloat16 means nothing there. */
function trainingOn(device) {
  if (device === 'cpu') return TRAIN;
  return TRAIN.map((peer) => ({
    ...peer,
    command: [...peer.command, device],
    needs: [...peer.needs.filter((need) => need !== 'bfloat16'), device],
  }));
}

function importable(modules) {
  const code = modules.map((name) => `import ${name}`).join('\n');
  return spawnSync(PYTHON, ['-c', code], { stdio: 'ignore' }).status === 0;
}

function bunBinary() {
  return `@oven/bun-${process.platform}-${process.arch}/bin/bun`;
}

function resolved(name) {
  try {
    return require.resolve(name);
  } catch {
    return undefined;
  }
}

/** Why nothing runs on a GPU, or undefined. */
function whyNoGpu() {
  const { devices, problem, cuda } = require('../..').systemInfo();
  if (devices.some(({ type }) => type === 'cuda')) return undefined;
  return problem ?? cuda.reason ?? 'there is no CUDA device';
}

/** What is not there, each with the reason. */
function missing(device = 'cpu') {
  const reasons = device === 'cuda' ? { cuda: whyNoGpu() } : {};
  const { flags } = machine();
  if (!flags.includes('avx512_bf16') && !flags.includes('amx_bf16'))
    reasons.bfloat16 = 'the CPU has neither AVX512-BF16 nor AMX';
  for (const name of ['onnxruntime-node', '@huggingface/transformers']) {
    if (!resolved(name)) reasons[name] = `npm package ${name} is not installed in bench/`;
  }
  if (!resolved(bunBinary())) reasons.bun = 'npm package bun is not installed in bench/';
  if (!BEFORE) reasons.before = 'BEFORE names no folder with another version';
  if (!importable(['torch', 'transformers']))
    reasons.transformers = `${PYTHON} cannot import torch and transformers`;
  if (!importable(['torch', 'transformers', 'onnx', 'onnxscript']))
    reasons['onnx export'] = `${PYTHON} cannot import torch, transformers, onnx and onnxscript`;
  return reasons;
}

/** Splits peers into those that can run and those that cannot, with why. */
function sortOut(peers, lacking) {
  const absent = [];
  const present = peers.filter((peer) => {
    const need = peer.needs.find((name) => lacking[name]);
    if (need) absent.push({ name: peer.name, why: lacking[need] });
    return !need;
  });
  return { present, absent };
}

module.exports = {
  BATCH,
  BATCH_FOLDER,
  BUSY,
  INFERENCE,
  PREPROCESSING,
  PYTHON,
  STARTUP,
  here,
  missing,
  sortOut,
  trainingOn,
};
