// The three best labels of a picture, in CommonJS: node classify.js [PICTURE] [MODEL]
'use strict';

const path = require('node:path');
const { BitError, pipeline } = require('bigtransfer');

const boat = path.join(__dirname, 'pictures', 'boat.jpg');
const [picture = boat, model] = process.argv.slice(2);

async function main() {
  const classify = await pipeline('image-classification', model);
  try {
    for (const { label, score } of await classify(picture, { topK: 3 }))
      console.log(`${(100 * score).toFixed(1).padStart(5)} %  ${label}`);
  } finally {
    await classify.dispose();
  }
}

main().catch((error) => {
  // What is wrong with a picture or a model is told in a line; anything else is a bug, with its stack.
  console.error(error instanceof BitError ? error.message : error);
  process.exitCode = 1;
});
