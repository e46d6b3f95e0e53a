// Wires Electron's messages, dialog and protocol to a desk.
'use strict';

const { Readable } = require('node:stream');
const { assetOf } = require('./assets');
const { isFromPage } = require('./window');

/** Channels between preload and main. */
const CALL = 'pictures:call';
const ADD = 'pictures:add';
const CHOOSE = 'pictures:choose';
const EVENT = 'pictures:event';

const DIALOGS = {
  pictures: { title: 'Choose pictures', properties: ['openFile', 'multiSelections'] },
  folder: { title: 'Choose a folder', properties: ['openDirectory', 'multiSelections'] },
};
/** Paths of one drop. */
const MAX_PATHS = 10_000;

/**
 * Answers what preload.js asks for.
 * @param {{ ipcMain: object, dialog: object, window: () => object, desk: import('./desk').Desk }} pieces
 */
function answerPage({ ipcMain, dialog, window, desk }) {
  const handle = (channel, answer) =>
    ipcMain.handle(channel, async (event, ...args) => {
      // Told as a value: Electron puts its own words before the message of an error.
      if (!isFromPage(event)) return { message: 'Refused: not from the page.' };
      try {
        return { value: await answer(...args) };
      } catch (error) {
        return { message: error.message };
      }
    });
  handle(CALL, (method, params) => desk.call(method, params));
  handle(ADD, (paths) => {
    const areNames = Array.isArray(paths) && paths.every((path) => typeof path === 'string');
    if (!areNames || paths.length > MAX_PATHS) throw new TypeError('Expected paths.');
    desk.add(paths);
  });
  handle(CHOOSE, async (kind) => {
    if (!Object.hasOwn(DIALOGS, kind)) throw new TypeError('Expected pictures or folder.');
    const { canceled, filePaths } = await dialog.showOpenDialog(window(), DIALOGS[kind]);
    if (!canceled) desk.add(filePaths);
  });
}

/** The app's own scheme: the page's files, and pictures that it is to decode. For protocol.handle. */
function serveScheme(desk) {
  return async (request) => {
    const { pathname } = new URL(request.url);
    const { status, headers, body } = await assetOf(pathname, (picture) => desk.wanted(picture));
    const isStream = body !== null && !Buffer.isBuffer(body);
    return new Response(isStream ? Readable.toWeb(body) : body, { status, headers });
  };
}

module.exports = { ADD, CALL, CHOOSE, EVENT, answerPage, serveScheme };
