// Class activation maps of a model on the GPU: those of the CPU, from the same pictures.
'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const { classActivationMap, pipeline } = require('../..');
const { assertClose } = require('./support/closeness');
const { EXACT, ON_CPU, gpuTest } = require('./support/gpu');

const PICTURES = ['boat.jpg', 'cat.jpg', 'coffee.jpg'].map((file) =>
  path.join(__dirname, '..', '..', 'examples', 'pictures', file),
);

gpuTest('class activation maps: those of the CPU, and their mean is the logit', async () => {
  const explain = async (options) => {
    const classify = await pipeline('image-classification', null, options);
    const activation = await classActivationMap(classify, PICTURES, { topK: 3, batchSize: 2 });
    await classify.dispose();
    return activation;
  };
  const [found, expected] = [await explain(EXACT), await explain(ON_CPU)];
  assertClose(found.maps, expected.maps, 'a map');
  assertClose(found.logits, expected.logits, 'a logit');
  const cells = found.maps.data.length / found.targets.flat().length;
  found.targets.flat().forEach(({ logit, bias }, place) => {
    const map = found.maps.data.subarray(place * cells, (place + 1) * cells);
    const sum = map.reduce((a, b) => a + b, 0) / cells + bias;
    assert.ok(Math.abs(sum - logit) < 1e-4, `${sum} and ${logit}`);
  });
});
