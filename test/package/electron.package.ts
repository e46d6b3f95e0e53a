// The Electron example as it is shipped: packed in an asar archive, its unpacked parts beside it, with the packed packages.
// Electron itself is not there: Node reads the archive by electron_asar.js, which says what that stands for; the page runs
// in Chromium, with the example's development server as its shell.
import { closeSync, copyFileSync, mkdirSync, openSync, readFileSync, readSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Browser } from 'playwright-core';
import sharp from 'sharp';
import { EXAMPLE } from '../examples/electron_app';
import { filesOf, listed, pack, packWhole, started, type Packed } from '../examples/electron_asar';
import { AppPage, launch } from '../examples/electron_page';
import { ROOT } from '../support/child';
import { IMAGES } from '../support/pictures';
import { temporaryFolder } from '../support/temporary';
import { Room, node } from './room';

/** Electron's own Node is of this series. */
const room = new Room({ node: node(24), name: 'Bilder – 空 1' });
const pictures = join(room.folder, 'pictures');
const screenshots = process.env['SCREENSHOTS'] ?? temporaryFolder();
/** No task of the page's thread takes longer; where other programs took its time, another try may show it. */
const LONGEST_TASK_MS = 100;
const TRIES = 4;
/** npm's download of half a gigabyte, and the archive of it. */
const INSTALL_MS = 600_000;

let packed: Packed;
let files: string[];
let browser: Browser | undefined;

beforeAll(async () => {
  packed = await pack(room);
  files = await tenPictures();
  browser = await launch();
}, INSTALL_MS);
afterAll(() => browser?.close());

/** Drawings, photographs, a copy of one of them, one that is broken, and one that is huge. */
async function tenPictures(): Promise<string[]> {
  mkdirSync(pictures);
  const copies = {
    [join(ROOT, 'examples', 'pictures')]: ['boat.jpg', 'cat.jpg', 'coffee.jpg'],
    [IMAGES]: ['truncated.jpg', 'palette.png', 'exif_6.jpg', 'lossy.webp', 'grey.jpg'],
  };
  for (const [folder, names] of Object.entries(copies))
    for (const name of names) copyFileSync(join(folder, name), join(pictures, name));
  const inner = { left: 4, top: 3, width: 594, height: 396 };
  const copy = sharp(join(pictures, 'coffee.jpg')).extract(inner).resize(480);
  await copy.jpeg({ quality: 70 }).toFile(join(pictures, 'Kaffee ü 空.jpg'));
  const huge = { width: 16_000, height: 10_000, channels: 3, background: '#4682b4' } as const;
  await sharp({ create: huge }).jpeg().toFile(join(pictures, 'huge.jpg'));
  const names = [...Object.values(copies).flat(), 'Kaffee ü 空.jpg', 'huge.jpg'];
  return names.map((name) => join(pictures, name));
}

/** Whether a file is a library, by its first bytes. */
function isLibrary(file: string): boolean {
  const start = Buffer.alloc(4);
  const opened = openSync(file, 'r');
  readSync(opened, start);
  closeSync(opened);
  return start.toString('latin1') === '\x7fELF';
}

describe('the archive', () => {
  test('has beside it what native code opens, and in it the app’s own code', () => {
    const all = [...filesOf(packed)];
    const isNative = (path: string) =>
      path.endsWith('.safetensors') || isLibrary(join(packed.staged, path));
    const native = all.filter(([path]) => isNative(path));
    expect(native.length).toBeGreaterThan(5);
    expect(native.filter(([, isUnpacked]) => !isUnpacked)).toEqual([]);
    const own = /^((main|preload)\.js|(lib|page|utility|node_modules.bigtransfer.dist)\b)/;
    const code = all.filter(([path]) => own.test(path));
    expect(code.length).toBeGreaterThan(100);
    expect(code.filter(([, isUnpacked]) => isUnpacked)).toEqual([]);
  });

  test('says what to do where nothing lies beside it', async () => {
    const whole = await packWhole(room, packed);
    const script = `
      require('./web/server.js').serveWeb({ app: ${JSON.stringify(whole.archive)}, port: 0 }).then(({ engine }) =>
        engine.on('state', ({ reason }) => reason && console.log(reason.replaceAll('\\n', ' '))));`;
    expect(await started(room, whole, script)).toMatch(/asar archive.*asarUnpack/);
  });

  test('is the same by both packers, which rebuild nothing', () => {
    const forge = readFileSync(join(EXAMPLE, 'forge.config.js'), 'utf8');
    const [, list = ''] = /UNPACKED = \[([^\]]*)\]/.exec(forge) as RegExpExecArray;
    const globs = Array.from(list.matchAll(/'([^']+)'/g), ([, glob]) => glob);
    expect(globs).toEqual(listed('asarUnpack'));
    expect(forge).toContain('rebuildConfig: { onlyModules: [] }');
    const builder = readFileSync(join(EXAMPLE, 'electron-builder.yml'), 'utf8');
    expect(builder).toContain('npmRebuild: false');
    const own = ['main.js', 'preload.js', '{lib,page,utility}/**', 'package.json'];
    expect(listed('files')).toEqual(own);
  });

  test('runs from main.js to the labels of a picture, with fakes for Electron’s own pieces', async () => {
    room.write('electron.cjs', FAKE_ELECTRON);
    const script = `
      const { registerHooks } = require('node:module');
      const { pathToFileURL } = require('node:url');
      const url = pathToFileURL(__dirname + '/electron.cjs').href;
      registerHooks({ resolve: (name, context, next) =>
        name === 'electron' ? { url, shortCircuit: true } : next(name, context) });
      const { ask } = require('./electron.cjs');
      require(${JSON.stringify(join(packed.archive, 'main.js'))});
      const boat = ${JSON.stringify(join(pictures, 'boat.jpg'))};
      setImmediate(() => ask('pictures:add', [boat]));`;
    const { loaded, event } = JSON.parse(await started(room, packed, script)) as {
      loaded: string;
      event: { labels: { label: string }[] };
    };
    expect(loaded).toBe('app://pictures/');
    expect(event.labels[0]?.label).toBe('boat');
  });
});

/**
 * What main.js takes of Electron. A child process plays the utility process, and a decoder the page's part; tells the
 * labels of the first picture.
 */
const FAKE_ELECTRON = `
const { EventEmitter } = require('node:events');
const sharp = require(${JSON.stringify(join(ROOT, 'node_modules', 'sharp'))});
const { forkUtility } = require('./web/node_process.js');
const handlers = new Map();
const fromPage = { senderFrame: { parent: null, url: 'app://pictures/' } };
const ask = (channel, ...args) => handlers.get(channel)(fromPage, ...args);
let loaded, serve;
async function decode({ picture, side }) {
  const response = await serve({ url: 'app://pictures/picture/' + picture });
  const { data, info } = await sharp(Buffer.from(await response.arrayBuffer()))
    .resize(side, side, { fit: 'inside' }).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  ask('pictures:call', 'decoded', { picture, pixels: { data, width: info.width, height: info.height } });
}
const send = (_channel, event) => {
  if (event.event === 'decode') decode(event);
  if (event.event === 'labels') console.log(JSON.stringify({ loaded, event }));
};
class BrowserWindow extends EventEmitter {
  webContents = { send };
  loadURL(url) { loaded = url; }
  isDestroyed() { return false; }
}
const none = () => {};
const app = Object.assign(new EventEmitter(), {
  enableSandbox: none, quit: none, requestSingleInstanceLock: () => true, whenReady: async () => {},
});
module.exports = {
  ask, app, BrowserWindow, dialog: {},
  ipcMain: { handle: (channel, answer) => handlers.set(channel, answer) },
  protocol: { registerSchemesAsPrivileged: none, handle: (_scheme, answer) => { serve = answer; } },
  session: { defaultSession: {
    setPermissionRequestHandler: none, setPermissionCheckHandler: none, setDevicePermissionHandler: none,
    webRequest: { onBeforeRequest: none },
  } },
  utilityProcess: { fork: (file, args) => forkUtility(file, args) },
};`;

/** The page, with the app from the archive behind it. */
async function openPage(decoder: string): Promise<AppPage> {
  const options = `{ app: ${JSON.stringify(packed.archive)}, port: 0, decoder: '${decoder}' }`;
  const script = `require('./web/server.js').serveWeb(${options}).then(({ url }) => console.log(url));`;
  return AppPage.open(browser as Browser, await started(room, packed, script));
}

describe.each([
  ['sharp decodes', 'auto', /premature end|cannot decode/i],
  ['the page decodes, as beside Electron’s GLib', 'page', /^It cannot be decoded: /],
])('ten pictures dropped on the page, where %s', (_, decoder, words) => {
  let app: AppPage;
  beforeAll(async () => {
    app = await openPage(decoder);
  });

  test('become tiles with thumbnails and labels, the broken one with its message', async () => {
    await app.drop(files);
    await app.looked(files.length);
    const tiles = await app.tiles();
    expect(tiles.map(({ name }) => name).sort()).toEqual(
      files.map((file) => basename(file)).sort(),
    );
    for (const { name, labels, problem, hasThumbnail } of tiles) {
      const isBroken = name === 'truncated.jpg';
      expect([name, hasThumbnail, labels.length]).toEqual([name, !isBroken, isBroken ? 0 : 3]);
      expect(problem).toMatch(isBroken ? words : /^$/);
    }
    expect((await app.tile('boat.jpg')).labels[0]).toBe('boat');
    expect((await app.tile('cat.jpg')).labels[0]).toBe('cat');
    expect(await app.page.textContent('#status')).toBe('10 pictures, 1 of which cannot be read');
  });

  test('say in one line where the page decodes; nothing else goes wrong', async () => {
    const note = app.page.locator('#note');
    const told = (await note.isVisible()) ? await note.textContent() : '';
    expect(told).toMatch(decoder === 'page' ? /decodes the pictures itself/ : /^$/);
    expect(app.problems).toEqual([]);
  });

  test('show what spoke for a label, for one or for all', async () => {
    await app.button('boat.jpg', 'tree').click();
    await app.page.waitForFunction(() => document.querySelector('canvas:not([hidden])'));
    const mapped = async () => (await app.tiles()).filter(({ hasMap }) => hasMap);
    expect((await mapped()).map(({ name }) => name)).toEqual(['boat.jpg']);
    const map = app.page.getByRole('img', { name: /^boat\.jpg: what spoke for tree/ });
    expect(await map.isVisible()).toBe(true);
    const toggle = app.page.getByRole('switch', { name: 'Attention' });
    await toggle.check();
    const isWith = (count: number) =>
      document.querySelectorAll('canvas:not([hidden])').length > count;
    await app.page.waitForFunction(isWith, 3);
    await toggle.uncheck();
    expect(await mapped()).toEqual([]);
  });

  test('are searched by likeness, and the copy is found', async () => {
    await app.button('coffee.jpg', 'Find similar').click();
    await app.page.getByRole('heading', { name: 'Like coffee.jpg' }).waitFor();
    const [query, copy, ...others] = await app.tiles();
    expect([query?.name, query?.badge]).toEqual(['coffee.jpg', 'this one']);
    expect(copy?.name).toBe('Kaffee ü 空.jpg');
    expect(others).toHaveLength(7);
    const values = [copy, ...others].map((tile) => Number(tile?.badge));
    expect([...values].sort((a, b) => b - a)).toEqual(values);
    await app.page.keyboard.press('Escape');
    expect(await app.tiles()).toHaveLength(10);
    await app.page.getByRole('button', { name: 'Near-duplicates (1)' }).click();
    const pair = (await app.tiles()).map(({ name }) => name).sort();
    expect(pair).toEqual(['Kaffee ü 空.jpg', 'coffee.jpg']);
    await app.page.getByRole('button', { name: 'Show all' }).click();
  });

  test('leave the page responsive, the huge one too', async () => {
    await app.watchTasks();
    let longest = Infinity;
    for (let i = 0; i < TRIES && longest >= LONGEST_TASK_MS; i++) {
      await app.page.getByRole('button', { name: 'Clear' }).click();
      await app.forgetTasks();
      await app.drop(files);
      await app.looked(files.length);
      longest = await app.longestTask();
    }
    expect(longest).toBeLessThan(LONGEST_TASK_MS);
  });
});

describe('the page', () => {
  let app: AppPage;
  beforeAll(async () => {
    app = await openPage('auto');
  });

  test('takes a folder, forgets all it had, and takes it again', async () => {
    await app.drop([pictures]);
    await app.looked(files.length);
    expect((await app.tile('boat.jpg')).labels[0]).toBe('boat');
    await app.page.getByRole('button', { name: 'Clear' }).click();
    expect(await app.tiles()).toEqual([]);
    await app.drop(files);
    await app.looked(files.length);
  });

  test('is worked by the keyboard alone', async () => {
    const { keyboard } = app.page;
    const focused = () =>
      app.page.evaluate(() => document.activeElement?.getAttribute('aria-label'));
    await app.page.getByRole('switch', { name: 'Attention' }).focus();
    await keyboard.press('Tab');
    const [first, second] = await app.tiles();
    expect(await focused()).toBe(first?.name);
    await keyboard.press('ArrowRight');
    expect(await focused()).toBe(second?.name);
    // To its first label, whose map it is.
    await keyboard.press('Tab');
    await keyboard.press('Enter');
    await app.page.waitForFunction(() => document.querySelector('canvas:not([hidden])'));
    expect((await app.tile(second?.name as string)).hasMap).toBe(true);
    await keyboard.press('Enter');
    expect((await app.tile(second?.name as string)).hasMap).toBe(false);
  });

  test.each([
    [1280, 800, 'light'],
    [1280, 800, 'dark'],
    [480, 800, 'light'],
    [480, 800, 'dark'],
  ] as const)('fits a window of %d x %d, %s', async (width, height, colorScheme) => {
    await app.page.setViewportSize({ width, height });
    await app.page.emulateMedia({ colorScheme });
    await app.page.getByRole('switch', { name: 'Attention' }).check();
    await app.page.waitForFunction(() => document.querySelector('canvas:not([hidden])'));
    expect(await app.cutOff()).toEqual([]);
    expect(await app.contrast()).toBeGreaterThan(4.5);
    const path = join(screenshots, `electron-${width}-${colorScheme}.png`);
    expect((await app.page.screenshot({ path })).length).toBeGreaterThan(10_000);
  });
});
