// The cases of test/reference/models, read in plain JavaScript: where there is a GPU there need be
// no TypeScript.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { BitBackbone, BitConfig, BitForImageClassification, BitModel, Tensor } = require('../../..');

const MODELS = path.join(__dirname, '..', '..', 'reference', 'models');
const CLASSES = { BitModel, BitForImageClassification, BitBackbone };

/** Tensors by name of a small file of float32 and int64. */
function readSafetensors(file) {
  const bytes = fs.readFileSync(file);
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, start));
  delete header.__metadata__;
  const read = ({ dtype, shape, data_offsets: [begin, end] }) => {
    // A copy starts at an aligned address, whatever the file's offset is.
    const { buffer } = Uint8Array.from(bytes.subarray(start + begin, start + end));
    return Tensor.from(
      dtype === 'I64' ? new BigInt64Array(buffer) : new Float32Array(buffer),
      shape,
    );
  };
  return new Map(Object.entries(header).map(([name, entry]) => [name, read(entry)]));
}

/** Checkpoints with their runs, as README.md there describes them; tensors are read when asked for. */
function readCases() {
  return fs
    .readdirSync(MODELS, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => {
      const directory = path.join(MODELS, name);
      const { runs } = JSON.parse(fs.readFileSync(path.join(directory, 'case.json'), 'utf8'));
      let expected;
      const tensor = (key) =>
        (expected ??= readSafetensors(path.join(directory, 'expected.safetensors'))).get(key);
      return { name, directory, runs, tensor };
    });
}

/** Loads a case's files as the run asks. */
function loadRun({ directory }, run, options) {
  const json = JSON.parse(fs.readFileSync(path.join(directory, 'config.json'), 'utf8'));
  // Either list means both: the one that is not given follows.
  if (run.config && ('out_features' in run.config || 'out_indices' in run.config)) {
    delete json.out_features;
    delete json.out_indices;
  }
  const config = BitConfig.fromJSON({ ...json, ...run.config });
  return CLASSES[run.model_class].fromPretrained(directory, { config, ...options });
}

/** Loads, runs once and lets go: all outputs under transformers' names, `hidden_states.0` and so on. */
async function answer(each, run, options) {
  const model = await loadRun(each, run, options);
  try {
    const pixelValues = each.tensor(run.inputs.pixel_values);
    const labels = run.inputs.labels && each.tensor(run.inputs.labels);
    const inputs = labels ? { pixelValues, labels } : pixelValues;
    const output = await model.forward(inputs, {
      outputHiddenStates: run.output_hidden_states ?? false,
    });
    return named(output);
  } finally {
    await model.dispose();
  }
}

function named(output) {
  const flat = new Map();
  for (const [name, value] of Object.entries(output)) {
    const key = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    if (Array.isArray(value)) value.forEach((tensor, i) => flat.set(`${key}.${i}`, tensor));
    else if (value) flat.set(key, value);
  }
  return flat;
}

module.exports = { answer, loadRun, readCases, readSafetensors };
