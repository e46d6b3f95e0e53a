// What the page sees of the app, and nothing more: `pictures`, described in page/api.d.ts.
'use strict';

const { contextBridge, ipcRenderer, webUtils } = require('electron');

/** Channels, as in lib/shell.js: a sandboxed preload script can load no other file. */
const CALL = 'pictures:call';
const ADD = 'pictures:add';
const CHOOSE = 'pictures:choose';
const EVENT = 'pictures:event';

async function ask(channel, ...args) {
  const { value, message } = await ipcRenderer.invoke(channel, ...args);
  if (message !== undefined) throw new Error(message);
  return value;
}

const call = (method, params) => ask(CALL, method, params);

contextBridge.exposeInMainWorld('pictures', {
  // Only a file that the user dropped or chose has a path; one that a script made has none.
  add: (files) =>
    ask(
      ADD,
      files.map((file) => webUtils.getPathForFile(file)),
    ),
  choose: (kind) => ask(CHOOSE, kind),
  open: () => call('open'),
  overlay: (picture, label) => call('overlay', { picture, label }),
  similar: (picture) => call('similar', { picture }),
  decoded: (picture, outcome) => call('decoded', { picture, ...outcome }),
  cancel: () => call('cancel'),
  clear: () => call('clear'),
  restart: () => call('restart'),
  // The event of Electron stays here: it has the sender in it.
  listen: (listener) => void ipcRenderer.on(EVENT, (_event, message) => listener(message)),
});
