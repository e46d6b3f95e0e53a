// The three best labels of a picture, as an ES module: node classify.mjs [PICTURE] [MODEL]
import { fileURLToPath } from 'node:url';
import { BitError, pipeline } from 'bigtransfer';

const boat = fileURLToPath(new URL('pictures/boat.jpg', import.meta.url));
const [picture = boat, model] = process.argv.slice(2);

try {
  const classify = await pipeline('image-classification', model);
  try {
    for (const { label, score } of await classify(picture, { topK: 3 }))
      console.log(`${(100 * score).toFixed(1).padStart(5)} %  ${label}`);
  } finally {
    await classify.dispose();
  }
} catch (error) {
  // What is wrong with a picture or a model is told in a line; anything else is a bug, with its stack.
  console.error(error instanceof BitError ? error.message : error);
  process.exitCode = 1;
}
