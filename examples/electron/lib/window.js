// The window and what it may not do: Electron's security checklist, as functions of Electron's pieces.
// https://www.electronjs.org/docs/latest/tutorial/security
'use strict';

/** Where the page lives: a scheme of its own, since file: pages may read every file. */
const SCHEME = 'app';
const ORIGIN = `${SCHEME}://pictures`;

/** For protocol.registerSchemesAsPrivileged, before the app is ready. */
const PRIVILEGED = {
  scheme: SCHEME,
  privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true },
};

/** @param {string} preload the preload script's path. */
function windowOptions(preload) {
  return {
    width: 1280,
    height: 800,
    minWidth: 400,
    minHeight: 400,
    title: 'Pictures',
    show: false,
    webPreferences: {
      preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      webSecurity: true,
      webviewTag: false,
      // A file that misses the drop zone must not become the page.
      navigateOnDragDrop: false,
      spellcheck: false,
    },
  };
}

/** The page stays where it is, opens nothing, and embeds nothing. @param contents WebContents */
function harden(contents) {
  const refuse = (event) => event.preventDefault();
  contents.on('will-navigate', refuse);
  contents.on('will-redirect', refuse);
  contents.on('will-frame-navigate', refuse);
  contents.on('will-attach-webview', refuse);
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}

/** No camera, no clipboard, no notifications, no devices, and nothing from any network. @param session Session */
function closeSession(session) {
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.webRequest.onBeforeRequest(({ url }, answer) => answer({ cancel: !isOwn(url) }));
}

/** What the page and its developer tools consist of. */
function isOwn(url) {
  return url.startsWith(`${ORIGIN}/`) || /^(blob:app:|devtools:|data:)/.test(url);
}

/** Whether a message comes from the page itself and not from a frame in it. @param event IpcMainInvokeEvent */
function isFromPage({ senderFrame }) {
  return senderFrame !== null && !senderFrame.parent && senderFrame.url.startsWith(`${ORIGIN}/`);
}

module.exports = { ORIGIN, PRIVILEGED, SCHEME, closeSession, harden, isFromPage, windowOptions };
