// The Electron example's shell, with fakes for Electron's pieces: main.js, preload.js, and what the window may not do.
import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { EXAMPLE, part } from './electron_app';

type Listener = (...args: never[]) => unknown;
const path = (name: string) => join(EXAMPLE, name);
const settled = () => new Promise((resolve) => setImmediate(resolve));

const { closeSession, harden, isFromPage, windowOptions } = part<{
  closeSession: (session: object) => void;
  harden: (contents: object) => void;
  isFromPage: (event: object) => boolean;
  windowOptions: (preload: string) => { webPreferences: Record<string, unknown> };
}>('lib', 'window.js');

describe('the window', () => {
  test('is isolated, in a sandbox, and without Node', () => {
    expect(windowOptions('/preload.js').webPreferences).toMatchObject({
      preload: '/preload.js',
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      webSecurity: true,
      webviewTag: false,
      navigateOnDragDrop: false,
    });
  });

  test('goes nowhere and opens nothing', () => {
    const contents = Object.assign(new EventEmitter(), { setWindowOpenHandler: jest.fn() });
    harden(contents);
    for (const name of [
      'will-navigate',
      'will-redirect',
      'will-frame-navigate',
      'will-attach-webview',
    ]) {
      const event = { preventDefault: jest.fn() };
      contents.emit(name, event);
      expect(event.preventDefault).toHaveBeenCalledTimes(1);
    }
    const [[open]] = contents.setWindowOpenHandler.mock.calls as [[() => object]];
    expect(open()).toEqual({ action: 'deny' });
  });

  test('gets no permission, no device, and nothing from a network', () => {
    const session = {
      setPermissionRequestHandler: jest.fn(),
      setPermissionCheckHandler: jest.fn(),
      setDevicePermissionHandler: jest.fn(),
      webRequest: { onBeforeRequest: jest.fn() },
    };
    closeSession(session);
    const given = (mock: jest.Mock) => (mock.mock.calls as [[Listener]])[0][0];
    const answer = jest.fn();
    given(session.setPermissionRequestHandler)(...([{}, 'camera', answer] as never[]));
    expect(answer).toHaveBeenCalledWith(false);
    expect(given(session.setPermissionCheckHandler)()).toBe(false);
    expect(given(session.setDevicePermissionHandler)()).toBe(false);
    const isCancelled = (url: string) => {
      let cancelled: unknown;
      const tell = ({ cancel }: { cancel: boolean }) => (cancelled = cancel);
      given(session.webRequest.onBeforeRequest)(...([{ url }, tell] as never[]));
      return cancelled;
    };
    const own = ['app://pictures/', 'app://pictures/picture/3', 'blob:app://pictures/1-2'];
    for (const url of own) expect([url, isCancelled(url)]).toEqual([url, false]);
    const others = [
      'https://example.com/',
      'http://127.0.0.1/',
      'file:///etc/passwd',
      'app://other/',
      'ws://x/',
    ];
    for (const url of others) expect([url, isCancelled(url)]).toEqual([url, true]);
  });

  test.each([
    [true, { senderFrame: { parent: null, url: 'app://pictures/' } }],
    [false, { senderFrame: { parent: {}, url: 'app://pictures/' } }],
    [false, { senderFrame: { parent: null, url: 'https://pictures/' } }],
    [false, { senderFrame: { parent: null, url: 'app://pictures.example/' } }],
    [false, { senderFrame: null }],
  ])('is listened to: %s', (expected, event) => expect(isFromPage(event)).toBe(expected));
});

describe('preload.js', () => {
  const ipcRenderer = { invoke: jest.fn(), on: jest.fn() };
  type Surface = Record<string, (...args: unknown[]) => unknown>;
  let pictures: Surface;

  beforeAll(() => {
    jest.doMock(
      'electron',
      () => ({
        contextBridge: {
          exposeInMainWorld: (name: string, api: Surface) => {
            expect(name).toBe('pictures');
            pictures = api;
          },
        },
        ipcRenderer,
        webUtils: { getPathForFile: ({ at }: { at: string }) => at },
      }),
      { virtual: true },
    );
    jest.isolateModules(() => void jest.requireActual(path('preload.js')));
  });

  test('shows functions alone, and nothing of Electron', () => {
    for (const each of Object.values(pictures)) expect(typeof each).toBe('function');
    expect(Object.keys(pictures)).not.toEqual(expect.arrayContaining(['invoke', 'send', 'on']));
    const listener = jest.fn();
    expect(pictures['listen']?.(listener)).toBeUndefined();
    const [[, heard]] = ipcRenderer.on.mock.calls as [[string, Listener]];
    heard(...([{ sender: ipcRenderer }, { event: 'found' }] as never[]));
    expect(listener).toHaveBeenCalledWith({ event: 'found' });
  });

  test('sends the paths of files, which the page never sees', async () => {
    ipcRenderer.invoke.mockResolvedValueOnce({});
    await pictures['add']?.([{ at: '/a b/ü.jpg' }]);
    expect(ipcRenderer.invoke).toHaveBeenLastCalledWith('pictures:add', ['/a b/ü.jpg']);
  });

  test('passes answers, and errors in their own words', async () => {
    ipcRenderer.invoke.mockResolvedValueOnce({ value: [1] });
    await expect(pictures['similar']?.(4)).resolves.toEqual([1]);
    expect(ipcRenderer.invoke).toHaveBeenLastCalledWith('pictures:call', 'similar', { picture: 4 });
    ipcRenderer.invoke.mockResolvedValueOnce({ message: 'not there' });
    await expect(pictures['similar']?.(4)).rejects.toThrow(/^not there$/);
  });

  test('uses the channels that main answers on', () => {
    const channels = part<Record<string, unknown>>('lib', 'shell.js');
    const { CALL, ADD, EVENT } = channels;
    const used = ipcRenderer.invoke.mock.calls.map(([channel]) => channel as string);
    expect(new Set(used)).toEqual(new Set([ADD, CALL]));
    expect(ipcRenderer.on.mock.calls[0]?.[0]).toBe(EVENT);
  });
});

describe('main.js', () => {
  const handlers = new Map<string, (event: object, ...args: unknown[]) => Promise<object>>();
  const order: string[] = [];
  const app = Object.assign(new EventEmitter(), {
    enableSandbox: () => order.push('sandbox'),
    requestSingleInstanceLock: () => true,
    quit: jest.fn(),
    whenReady: async () => {},
  });
  const child = Object.assign(new EventEmitter(), { postMessage: jest.fn(), kill: jest.fn() });
  const utilityProcess = { fork: jest.fn(() => child) };
  const dialog = { showOpenDialog: jest.fn() };
  const protocol = {
    registerSchemesAsPrivileged: () => order.push('schemes'),
    handle: jest.fn(),
  };
  const contents = { send: jest.fn() };
  const windows: unknown[] = [];
  class BrowserWindow extends EventEmitter {
    webContents = contents;
    loadURL = jest.fn();
    show = jest.fn();
    focus = jest.fn();
    restore = jest.fn();
    isMinimized = () => true;
    isDestroyed = () => false;
    constructor(options: unknown) {
      super();
      windows.push(this, options);
    }
  }
  const nothing = () => {};
  const session = {
    setPermissionRequestHandler: nothing,
    setPermissionCheckHandler: nothing,
    setDevicePermissionHandler: nothing,
    webRequest: { onBeforeRequest: () => order.push('session') },
  };
  const fromPage = { senderFrame: { parent: null, url: 'app://pictures/' } };
  const ask = (channel: string, ...args: unknown[]) =>
    (handlers.get(channel) as NonNullable<ReturnType<typeof handlers.get>>)(fromPage, ...args);

  beforeAll(async () => {
    const ipcMain = { handle: (name: string, answer: never) => handlers.set(name, answer) };
    const electron = { app, BrowserWindow, dialog, ipcMain, protocol, utilityProcess };
    const fake = { ...electron, session: { defaultSession: session } };
    jest.doMock('electron', () => fake, { virtual: true });
    jest.isolateModules(() => void jest.requireActual(path('main.js')));
    await settled();
  });

  test('closes everything before it opens its window on its own scheme', () => {
    expect(order).toEqual(['schemes', 'sandbox', 'session']);
    const [window, options] = windows as [BrowserWindow, object];
    expect(options).toEqual(windowOptions(path('preload.js')));
    expect(window.loadURL).toHaveBeenCalledWith('app://pictures/');
    expect(protocol.handle).toHaveBeenCalledWith('app', expect.any(Function));
    window.emit('ready-to-show');
    expect(window.show).toHaveBeenCalled();
  });

  test('starts the engine beside it, which decodes with sharp only where Electron has no GLib', () => {
    const decoder = process.platform === 'linux' ? 'page' : 'auto';
    expect(utilityProcess.fork).toHaveBeenCalledWith(
      path('utility/main.js'),
      [`--decoder=${decoder}`],
      expect.anything(),
    );
    child.emit('message', { event: 'ready', decoder: 'page' });
    expect(contents.send).toHaveBeenLastCalledWith(
      'pictures:event',
      expect.objectContaining({ event: 'state', phase: 'ready' }),
    );
  });

  test('serves its page, and no other file', async () => {
    const [[, serve]] = protocol.handle.mock.calls as [
      [string, (request: object) => Promise<Response>],
    ];
    const page = await serve({ url: 'app://pictures/' });
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await page.text()).toContain('<title>Pictures</title>');
    expect((await serve({ url: 'app://pictures/../main.js' })).status).toBe(404);
  });

  test('looks at what is chosen, and at nothing when the dialog is closed', async () => {
    dialog.showOpenDialog.mockResolvedValueOnce({ canceled: true, filePaths: [] });
    await ask('pictures:choose', 'folder');
    expect(child.postMessage).not.toHaveBeenCalled();
    dialog.showOpenDialog.mockResolvedValueOnce({ canceled: false, filePaths: ['/a'] });
    await ask('pictures:choose', 'pictures');
    const added = { method: 'add', params: { paths: ['/a'] } };
    expect(child.postMessage).toHaveBeenLastCalledWith(expect.objectContaining(added));
    expect(await ask('pictures:choose', 'constructor')).toHaveProperty('message');
  });

  test('answers its page alone, and only what is well formed', async () => {
    const stranger = { senderFrame: { parent: null, url: 'https://example.com/' } };
    const calls = child.postMessage.mock.calls.length;
    expect(await handlers.get('pictures:add')?.(stranger, ['/etc'])).toEqual({
      message: expect.stringContaining('Refused') as string,
    });
    for (const paths of ['/etc', [1], null])
      expect(await ask('pictures:add', paths)).toEqual({ message: 'Expected paths.' });
    expect(child.postMessage.mock.calls).toHaveLength(calls);
  });

  test('shows itself when it is started a second time', () => {
    const [window] = windows as [BrowserWindow];
    app.emit('second-instance');
    expect(window.restore).toHaveBeenCalled();
    expect(window.focus).toHaveBeenCalled();
  });

  test('goes when another one is there, and starts nothing', async () => {
    const second = Object.assign(new EventEmitter(), {
      ...app,
      requestSingleInstanceLock: () => false,
    });
    second.quit = jest.fn();
    const fork = jest.fn();
    const fake = { app: second, protocol, utilityProcess: { fork } };
    jest.doMock('electron', () => fake, { virtual: true });
    jest.isolateModules(() => void jest.requireActual(path('main.js')));
    await settled();
    expect(second.quit).toHaveBeenCalled();
    expect(fork).not.toHaveBeenCalled();
  });

  test('ends the engine as it quits, also while that works', () => {
    app.emit('window-all-closed');
    expect(app.quit).toHaveBeenCalled();
    app.emit('will-quit');
    expect(child.kill).toHaveBeenCalled();
  });
});
