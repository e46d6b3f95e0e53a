#!/usr/bin/env node
// The `bigtransfer` program, and what becomes of closed pipes.

import { availableParallelism } from 'node:os';
import { EXIT } from './context';
import { run } from './program';

/**
 * Files, names of servers and sharp's pictures share libuv's threads: of the four that there are by
 * default two slow servers would take half. Heeded until the first of them starts.
 */
process.env['UV_THREADPOOL_SIZE'] ??= String(4 + 2 * availableParallelism());

/** `bigtransfer ... | head` closes our output early: that is no error. A full disk is one. */
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.ok);
    process.stderr.write(`error: Cannot write the output: ${error.message}\n`);
    process.exit(EXIT.failed);
  });
}

void run(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
