// The three best labels of a picture: node examples/classify.js [PICTURE] [MODEL]
'use strict';

const path = require('node:path');
const { pipeline } = require('..');

const picture = process.argv[2] ?? path.join(__dirname, 'pictures', 'boat.jpg');

async function main() {
  const classify = await pipeline('image-classification', process.argv[3]);
  for (const { label, score } of await classify(picture, { topK: 3 })) {
    console.log(`${(100 * score).toFixed(1).padStart(5)} %  ${label}`);
  }
  await classify.dispose();
}

main();
