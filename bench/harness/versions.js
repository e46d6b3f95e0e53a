// What the peers say of themselves.
'use strict';

const { Worker } = require('./worker');

/** Versions of libraries by name, of all these peers. */
async function versionsOf(peers) {
  const versions = {};
  for (const { name, command } of peers) {
    const worker = new Worker(name, command);
    Object.assign(versions, await worker.ask('versions'));
    worker.end();
  }
  return versions;
}

module.exports = { versionsOf };
