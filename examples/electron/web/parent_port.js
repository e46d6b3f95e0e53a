// process.parentPort for plain Node, loaded before the utility process's own code.
'use strict';

process.parentPort = {
  postMessage: (message) => void (process.connected && process.send(message, () => {})),
  on: (event, listener) =>
    process.on(event, (message) => listener(event === 'message' ? { data: message } : message)),
};
// As Electron's ends with its parent.
process.once('disconnect', () => process.exit());
