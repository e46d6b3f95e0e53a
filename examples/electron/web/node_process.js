// utilityProcess for plain Node: a child process with the same shape on both sides.
'use strict';

const { fork } = require('node:child_process');
const path = require('node:path');

/** As utilityProcess.fork. @param {string[]} [execArgv] flags for Node. */
function forkUtility(modulePath, args, { execArgv = process.execArgv, ...options } = {}) {
  const child = fork(modulePath, args, {
    ...options,
    serialization: 'advanced',
    execArgv: [...execArgv, '--require', path.join(__dirname, 'parent_port.js')],
  });
  return {
    pid: child.pid,
    // It may be gone already, which 'exit' tells.
    postMessage: (message) => void (child.connected && child.send(message, () => {})),
    // Not SIGTERM: a native call may hold it up.
    kill: () => void child.kill('SIGKILL'),
    on: (event, listener) => child.on(event, listener),
  };
}

module.exports = { forkUtility };
