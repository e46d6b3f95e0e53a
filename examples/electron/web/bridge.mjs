// `pictures` for an ordinary browser, over HTTP: see page/api.d.ts.
/* global document, window, EventSource */

/** Files on their way at once. */
const UPLOADS = 2;

async function call(method, params = {}) {
  const body = JSON.stringify(await packed(params));
  const response = await fetch(`/call/${method}`, { method: 'POST', body });
  const { value, message } = await unpacked(await response.json());
  if (message !== undefined) throw new Error(message);
  return value;
}

/** Bytes go apart, before the message that they belong to. */
async function packed(value) {
  if (ArrayBuffer.isView(value)) {
    const response = await fetch('/blobs', { method: 'PUT', body: new Blob([value]) });
    return { $blob: Number(await response.text()) };
  }
  return each(value, packed);
}

async function unpacked(value) {
  if (value?.$blob === undefined) return each(value, unpacked);
  return new Uint8Array(await (await fetch(`/blobs/${value.$blob}`)).arrayBuffer());
}

async function each(value, change) {
  if (Array.isArray(value)) return Promise.all(value.map(change));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(async ([key, each]) => [key, await change(each)]);
  return Object.fromEntries(await Promise.all(entries));
}

let drops = 0;

/** A browser has no paths: files are sent. `file.under`, `webkitRelativePath`: where in a folder they are. */
async function add(files) {
  const drop = `drop-${Date.now()}-${drops++}`;
  const left = [...files];
  const send = async () => {
    for (let file = left.shift(); file; file = left.shift()) {
      const name = file.under ?? (file.webkitRelativePath || file.name);
      await fetch(`/${drop}/${encodeURIComponent(name)}`, { method: 'PUT', body: file });
    }
  };
  await Promise.all(Array.from({ length: UPLOADS }, send));
}

async function choose(kind) {
  const input = document.createElement('input');
  Object.assign(input, { type: 'file', multiple: true, webkitdirectory: kind === 'folder' });
  await new Promise((resolve) => {
    input.addEventListener('change', resolve, { once: true });
    input.addEventListener('cancel', resolve, { once: true });
    input.click();
  });
  await add([...input.files]);
}

/** What was dropped, with the files in folders. Entries have to be asked for before anything is waited for. */
async function collect({ items }) {
  const entries = [...items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
  const files = [];
  for (const entry of entries) await filesIn(entry, files);
  return files;
}

async function filesIn(entry, files) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    files.push(Object.assign(file, { under: entry.fullPath.slice(1) }));
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const each of some) await filesIn(each, files);
  }
}

let connected;

function listen(listener) {
  // One after the other: bytes that are fetched must not let a later event pass.
  let last = Promise.resolve();
  const events = new EventSource('/events');
  connected = new Promise((resolve) => events.addEventListener('open', resolve, { once: true }));
  events.addEventListener('message', ({ data }) => {
    const event = unpacked(JSON.parse(data));
    last = last.then(async () => listener(await event));
  });
}

window.pictures = {
  add,
  choose,
  collect,
  listen,
  open: () => connected.then(() => call('open')),
  overlay: (picture, label) => call('overlay', { picture, label }),
  similar: (picture) => call('similar', { picture }),
  decoded: (picture, outcome) => call('decoded', { picture, ...outcome }),
  cancel: () => call('cancel'),
  clear: () => call('clear'),
  restart: () => call('restart'),
};
