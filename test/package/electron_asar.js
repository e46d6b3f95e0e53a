// Lets plain Node run an app from an asar archive: `node --require electron_asar.js`, with ELECTRON_ASAR='{ "archive", "staged" }'.
//
// It stands for what Electron adds to Node. Modules and files inside the archive are read from the archive; those marked as
// unpacked from the folder beside it. Native code sees none of this, in Electron as here: a library or a mapped model that
// is not unpacked is not there. Differences: names of modules are resolved in the folder that the archive was made of, and
// the result is looked for in the archive; and of fs the functions that are listed below know archives, not all.
'use strict';

const fs = require('node:fs');
const { createRequire, isBuiltin, registerHooks } = require('node:module');
const path = require('node:path');
const { fileURLToPath, pathToFileURL } = require('node:url');
const asar = require('@electron/asar');

const { archive, staged } = JSON.parse(process.env.ELECTRON_ASAR);
const tree = asar.getRawHeader(archive).header;

/** Where in the archive a path is; null for others. */
function inside(file) {
  if (typeof file !== 'string') return null;
  const relative = path.relative(archive, path.resolve(file));
  return relative.startsWith('..') || path.isAbsolute(relative) ? null : relative;
}

/** What the archive says of it; undefined where it has no such file. */
function entryOf(relative) {
  const names = relative.split(path.sep).filter(Boolean);
  return names.reduce((entry, name) => entry?.files?.[name], tree);
}

const unpackedPath = (relative) => path.join(`${archive}.unpacked`, relative);

function missing(call, file) {
  const message = `ENOENT: no such file or directory, ${call} '${file}'`;
  return Object.assign(new Error(message), { code: 'ENOENT', syscall: call, path: file });
}

function contentsOf(file, relative, options) {
  const entry = entryOf(relative);
  if (!entry || entry.files) throw missing('open', file);
  const bytes = entry.unpacked ? read(unpackedPath(relative)) : asar.extractFile(archive, relative);
  const encoding = typeof options === 'string' ? options : options?.encoding;
  return encoding ? bytes.toString(encoding) : bytes;
}

function statsOf(file, relative, options) {
  const entry = entryOf(relative);
  if (!entry && options?.throwIfNoEntry === false) return undefined;
  if (!entry) throw missing('stat', file);
  if (entry.unpacked && !entry.files) return stat(unpackedPath(relative), options);
  const like = stat(entry.files ? path.dirname(archive) : archive, options);
  return Object.assign(like, { size: entry.size ?? 0 });
}

const { readFileSync: read, statSync: stat } = fs;
/** fs's functions, in an archive. */
const IN_ARCHIVE = {
  existsSync: (_file, relative) => entryOf(relative) !== undefined,
  readFileSync: contentsOf,
  statSync: statsOf,
  lstatSync: statsOf,
  realpathSync: (file) => file,
  readdirSync: (file, relative) => {
    const { files } = entryOf(relative) ?? {};
    if (!files) throw missing('scandir', file);
    return Object.keys(files);
  },
};
for (const [name, inArchive] of Object.entries(IN_ARCHIVE)) {
  const own = fs[name];
  fs[name] = (file, ...rest) => {
    const relative = inside(file);
    return relative === null ? own(file, ...rest) : inArchive(file, relative, ...rest);
  };
}
for (const name of ['readFile', 'stat']) {
  const own = fs.promises[name];
  fs.promises[name] = async (file, ...rest) =>
    inside(file) === null ? own(file, ...rest) : fs[`${name}Sync`](file, ...rest);
}

const open = process.dlopen;
process.dlopen = (module, file, ...rest) => {
  const relative = inside(file);
  return open(module, relative === null ? file : unpackedPath(relative), ...rest);
};

registerHooks({
  resolve(specifier, context, next) {
    const parent = context.parentURL?.startsWith('file:') ? fileURLToPath(context.parentURL) : null;
    const from = parent && inside(parent);
    const named = path.isAbsolute(specifier) ? inside(specifier) : null;
    if (isBuiltin(specifier) || (from === null && named === null)) return next(specifier, context);
    const require = createRequire(path.join(staged, from || 'index.js'));
    const found = require.resolve(named === null ? specifier : path.join(staged, named));
    const relative = path.relative(staged, found);
    const file = relative.startsWith('..') ? found : path.join(archive, relative);
    return { url: pathToFileURL(file).href, shortCircuit: true };
  },
  load(url, context, next) {
    const file = url.startsWith('file:') ? fileURLToPath(url) : '';
    if (inside(file) === null || file.endsWith('.node')) return next(url, context);
    const format = file.endsWith('.json') ? 'json' : 'commonjs';
    return { format, source: fs.readFileSync(file), shortCircuit: true };
  },
});
