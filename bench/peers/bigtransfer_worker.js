// Ours in a worker thread, which is the first to load it. Argument: the dtype.
'use strict';

const path = require('node:path');
const { Worker } = require('node:worker_threads');

const worker = new Worker(path.join(__dirname, 'bigtransfer.js'), {
  argv: process.argv.slice(2),
  stdin: true,
});
process.stdin.pipe(worker.stdin);
