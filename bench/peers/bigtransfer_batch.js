// A model over the files of a list, into JSON lines. Prints milliseconds for each image, from when the
// model is loaded.
'use strict';

const { subscribe } = require('node:diagnostics_channel');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { batch } = require('../..');

async function main(model, list) {
  const output = fs.mkdtempSync(path.join(os.tmpdir(), 'bigtransfer-bench-'));
  let rows = 0;
  let start = 0;
  subscribe('bigtransfer:load', () => (start = performance.now()));
  for await (const { error } of batch({ model, filesFrom: list, output, dtype: 'float32' })) {
    if (error) throw new Error(error.message);
    rows++;
  }
  const elapsed = performance.now() - start;
  fs.rmSync(output, { recursive: true });
  console.log(elapsed / rows);
}

main(...process.argv.slice(2));
