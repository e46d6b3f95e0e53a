// The small BiT that the recipe trains: its numbers, its labels, and how it takes pictures.

const { BitConfig, BitImageProcessor } = require('../..');
const { CLASSES } = require('./scenes');

/** A ninth of the resized side is free for random crops, as in common 224-of-256 recipes. */
const RESIZED_SIDE = 108;
const INPUT_SIDE = 96;

const ARCHITECTURE = 'BitForImageClassification';

const CONFIG = new BitConfig({
  layerType: 'preactivation',
  embeddingSize: 32,
  hiddenSizes: [64, 128, 256, 448],
  depths: [2, 2, 2, 2],
  numGroups: 8,
  id2label: Object.fromEntries(CLASSES.map((name, index) => [index, name])),
});

const PROCESSOR = new BitImageProcessor({
  size: { shortest_edge: RESIZED_SIDE },
  cropSize: { height: INPUT_SIDE, width: INPUT_SIDE },
  imageMean: [0.5, 0.5, 0.5],
  imageStd: [0.5, 0.5, 0.5],
});

/**
 * Writes a model's directory but for its weights.
 *
 * @param {string} directory
 * @param {string} [dtype] of the weights that will be there
 */
async function writeNetwork(directory, dtype = 'float32') {
  const config = BitConfig.fromJSON({ ...CONFIG.toJSON(), dtype });
  await config.savePretrained(directory, ARCHITECTURE);
  await PROCESSOR.savePretrained(directory);
}

module.exports = { RESIZED_SIDE, INPUT_SIDE, writeNetwork };
