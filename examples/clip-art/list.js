// Lists a tree of pictures for `bigtransfer finetune`: every folder with enough pictures of its own is a
// class, named after its path. A line of JSON for each picture.
//
//   node examples/clip-art/list.js FOLDER [LEAST PER CLASS] > clip-art.jsonl
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const PICTURE = /\.(png|jpe?g|webp|gif|tiff?)$/i;

/** The pictures of each folder below `root` that has at least `least` of them, by the folder's path. */
function classesIn(root, least) {
  const found = new Map();
  const names = fs.readdirSync(root, { recursive: true, withFileTypes: true });
  for (const entry of names) {
    // A link's picture stands elsewhere under its own name.
    if (!entry.isFile() || !PICTURE.test(entry.name)) continue;
    const label = path.relative(root, entry.parentPath).split(path.sep).join('/');
    if (!found.has(label)) found.set(label, []);
    found.get(label).push(path.resolve(entry.parentPath, entry.name));
  }
  return [...found].filter(([, pictures]) => pictures.length >= least).sort();
}

function main([root, least = '20']) {
  if (root === undefined || !(Number(least) > 0))
    throw new Error('node examples/clip-art/list.js FOLDER [LEAST PER CLASS]');
  for (const [label, pictures] of classesIn(root, Number(least)))
    for (const picture of pictures.sort())
      console.log(JSON.stringify({ path: picture, label: label || path.basename(root) }));
}

main(process.argv.slice(2));
