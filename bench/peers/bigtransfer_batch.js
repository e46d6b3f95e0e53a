// A model over the files of a list, into JSON lines. Prints milliseconds for each image, from when the model
// is there and warm.
'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { batch } = require('../..');

/** Rows after which the clock starts: a batch. */
const WARM = 8;

async function main(model, list) {
  const output = fs.mkdtempSync(path.join(os.tmpdir(), 'bigtransfer-bench-'));
  let rows = 0;
  let start = 0;
  for await (const { error } of batch({ model, filesFrom: list, output, dtype: 'float32' })) {
    if (error) throw new Error(error.message);
    if (++rows === WARM) start = performance.now();
  }
  const elapsed = performance.now() - start;
  fs.rmSync(output, { recursive: true });
  console.log(elapsed / (rows - WARM));
}

main(...process.argv.slice(2));
