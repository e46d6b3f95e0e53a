// JPEG or PNG files to read: photographs of one motif, no two of them the same file.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const sharp = require('sharp');
const { CACHE } = require('./models');

const SOURCE = path.join(__dirname, '..', '..', 'examples', 'pictures', 'coffee.jpg');

/** Paths of `count` files, which are made where they are not there yet. */
async function photographs({ width, height, count, kind = 'jpg' }) {
  const folder = path.join(CACHE, `photographs-${width}x${height}`);
  fs.mkdirSync(folder, { recursive: true });
  const files = [];
  for (let i = 0; i < count; i++) {
    const file = path.join(folder, `${i}.${kind}`);
    files.push(file);
    if (fs.existsSync(file)) continue;
    // Differently bright and dark, and turned by a few degrees.
    const picture = sharp(SOURCE)
      .rotate((i % 45) - 22, { background: 'grey' })
      .resize(width, height, { fit: 'fill' })
      .linear(0.8 + (i % 7) / 20, i % 40);
    await (kind === 'png' ? picture.png() : picture.jpeg({ quality: 90 })).toFile(file);
  }
  return files;
}

module.exports = { photographs };
