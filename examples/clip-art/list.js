// Lists a tree of pictures for `bigtransfer finetune`: every folder with enough pictures of its own is a
// class, named after its path. A line of JSON for each picture.
//
//   node examples/clip-art/list.js FOLDER [LEAST PER CLASS] > clip-art.jsonl
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const USAGE = 'usage: node examples/clip-art/list.js FOLDER [LEAST PER CLASS] > clip-art.jsonl';
const WRONG_USAGE = 2;
const PICTURE = /\.(png|jpe?g|webp|gif|tiff?)$/i;

/** Labels and pictures of each folder of `root` that has at least `least` of them, in order. */
function classesIn(root, least) {
  const found = new Map();
  const names = fs.readdirSync(root, { recursive: true, withFileTypes: true });
  for (const entry of names) {
    // A link's picture stands elsewhere under its own name.
    if (!entry.isFile() || !PICTURE.test(entry.name)) continue;
    const below = path.relative(root, entry.parentPath).split(path.sep).join('/');
    const label = below || path.basename(path.resolve(root));
    if (!found.has(label)) found.set(label, []);
    found.get(label).push(path.resolve(entry.parentPath, entry.name));
  }
  return [...found].filter(([, pictures]) => pictures.length >= least).sort();
}

function main([root, least = '20', ...more]) {
  if (root === undefined || !/^[1-9]\d*$/.test(least) || more.length > 0) {
    console.error(USAGE);
    process.exitCode = WRONG_USAGE;
    return;
  }
  for (const [label, pictures] of classesIn(root, Number(least)))
    for (const picture of pictures.sort()) console.log(JSON.stringify({ path: picture, label }));
}

try {
  main(process.argv.slice(2));
} catch (error) {
  // Such as a folder that is not there.
  console.error(error.message);
  process.exitCode = 1;
}
