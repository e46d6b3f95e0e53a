// The three best labels of a picture, in TypeScript: node classify.ts [PICTURE] [MODEL] on Node 22.18 or newer, which
// strips types. On any Node: npx tsc --strict --module nodenext --target es2022 --outDir out classify.ts, and then
// node out/classify.js PICTURE [MODEL].
import { join } from 'node:path';
import { BitError, pipeline, type Classification } from 'bigtransfer';

const [program = '', picture, model] = process.argv.slice(1);
const boat = join(program, '..', 'pictures', 'boat.jpg');

function line({ label, score }: Classification): string {
  return `${(100 * score).toFixed(1).padStart(5)} %  ${label}`;
}

async function main(): Promise<void> {
  const classify = await pipeline('image-classification', model);
  try {
    for (const each of await classify(picture ?? boat, { topK: 3 })) console.log(line(each));
  } finally {
    await classify.dispose();
  }
}

main().catch((error: unknown) => {
  // What is wrong with a picture or a model is told in a line; anything else is a bug, with its stack.
  console.error(error instanceof BitError ? error.message : error);
  process.exitCode = 1;
});
