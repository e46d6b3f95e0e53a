// The networks: labels, the vector that similarity is measured by, and what spoke for a label.
'use strict';

const { classActivationMap, pipeline } = require('bigtransfer');
const { OVERLAY_SIDE } = require('../lib/limits');
const { unit } = require('./similarity');

/** Labels of a tile. */
const TOP = 3;

/**
 * Two networks on the same weights: bigtransfer's classifier gives no features, and its feature extractor no labels. Each
 * picture is read and run once by each; its map is made when somebody looks at it.
 * @param {string} [source] a directory, a checkpoint or a hub id; default the packaged model.
 */
async function loadModel(source) {
  const [classify, embed] = await Promise.all([
    pipeline('image-classification', source, { topK: TOP }),
    pipeline('image-feature-extraction', source, { pool: true }),
  ]);
  const { label2id } = classify.model.config;

  return {
    name: source ?? 'the model in bigtransfer',

    /** @param image a path, or raw pixels. @returns the best labels, and a vector of length 1. */
    async look(image, signal) {
      const [labels, features] = await Promise.all([
        classify(image, { signal }),
        embed(image, { signal }),
      ]);
      return {
        labels: labels.map(({ label, score }) => ({ index: label2id[label], label, score })),
        embedding: unit(features.data),
      };
    },

    /**
     * The picture with red where it speaks for the label, and blue where against.
     * @returns a PNG; for raw pixels, which need no sharp, raw pixels.
     */
    async overlay(image, label, signal) {
      const activation = await classActivationMap(classify, image, { target: label, signal });
      const options = { maxSide: OVERLAY_SIDE, signal };
      if (typeof image === 'string')
        return { png: new Uint8Array(await activation.overlay(0, options)) };
      return { pixels: await activation.overlayPixels(0, options) };
    },
  };
}

module.exports = { loadModel };
