// A tiny model, and pictures of three classes that it can learn to tell apart.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { BitImageProcessor } = require('./common');

const REFERENCE = path.join(__dirname, '..', 'reference', 'training', 'preactivation');
/** Pixels of each side that the model is given, and of each side of a picture. */
const MODEL_SIDE = 24;
const PICTURE_SIDE = 30;

/** Makes `folder` a model's directory. */
async function makeTinyModel(folder) {
  fs.mkdirSync(folder, { recursive: true });
  for (const name of ['config.json', 'model.safetensors'])
    fs.cpSync(path.join(REFERENCE, name), path.join(folder, name));
  const size = { height: MODEL_SIDE, width: MODEL_SIDE };
  const processor = { size, cropSize: size, imageMean: 0.5, imageStd: 0.5 };
  await new BitImageProcessor(processor).savePretrained(folder);
  return folder;
}

/** Makes folders of so many pictures for each class: stripes, wider from class to class. */
function makeStripes(folder, counts) {
  Object.entries(counts).forEach(([label, count], number) => {
    fs.mkdirSync(path.join(folder, label), { recursive: true });
    for (let i = 0; i < count; i++)
      fs.writeFileSync(path.join(folder, label, `${i}.ppm`), stripes(2 + 3 * number, i));
  });
  return folder;
}

function stripes(width, i) {
  const pixels = Buffer.alloc(3 * PICTURE_SIDE * PICTURE_SIDE);
  for (let at = 0; at < pixels.length; at++) {
    const x = Math.floor(at / 3) % PICTURE_SIDE;
    const isLight = Math.floor((x + i) / width) % 2 === 0;
    pixels[at] = isLight ? 200 - 5 * (i % 7) : 80 + 7 * (i % 5);
  }
  return Buffer.concat([Buffer.from(`P6 ${PICTURE_SIDE} ${PICTURE_SIDE} 255\n`), pixels]);
}

module.exports = { makeStripes, makeTinyModel };
