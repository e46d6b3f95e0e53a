// The shell: Electron's own pieces, joined. What they do is in lib/, the inference in utility/, the page in page/.
'use strict';

const {
  app,
  BrowserWindow,
  dialog,
  ipcMain,
  protocol,
  session,
  utilityProcess,
} = require('electron');
const path = require('node:path');
const { Desk } = require('./lib/desk');
const { Engine } = require('./lib/engine');
const { EVENT, answerPage, serveScheme } = require('./lib/shell');
const window = require('./lib/window');

const fork = (args) =>
  utilityProcess.fork(path.join(__dirname, 'utility', 'main.js'), args, {
    serviceName: 'Pictures: inference',
  });
// sharp crashes beside the GLib that Electron has on Linux: https://sharp.pixelplumbing.com/install
const decoder = process.platform === 'linux' ? 'page' : 'auto';
const model = process.env.PICTURES_MODEL;

let opened = null;
const send = (event) => {
  if (opened && !opened.isDestroyed()) opened.webContents.send(EVENT, event);
};
const engine = new Engine({ fork, decoder, args: model ? [`--model=${model}`] : [] });
const desk = new Desk({ engine, send });

function open() {
  opened = new BrowserWindow(window.windowOptions(path.join(__dirname, 'preload.js')));
  opened.once('ready-to-show', () => opened.show());
  opened.on('closed', () => (opened = null));
  opened.loadURL(`${window.ORIGIN}/`);
}

protocol.registerSchemesAsPrivileged([window.PRIVILEGED]);
app.enableSandbox();
app.on('web-contents-created', (_event, contents) => window.harden(contents));
app.on('window-all-closed', () => app.quit());
app.on('will-quit', () => engine.stop());
app.on('second-instance', () => {
  if (opened?.isMinimized()) opened.restore();
  opened?.focus();
});

function start() {
  window.closeSession(session.defaultSession);
  protocol.handle(window.SCHEME, serveScheme(desk));
  answerPage({ ipcMain, dialog, desk, window: () => opened });
  engine.start();
  open();
}

// A second app would load a second model: the first one shows itself instead.
if (app.requestSingleInstanceLock()) app.whenReady().then(start);
else app.quit();
