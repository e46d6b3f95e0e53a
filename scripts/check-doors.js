// Checks that each room of the house uses only the doors that it has: no napi.h outside
// native/binding, no kernel launch outside *_kernel.cu, no include or import that climbs.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');

/** Rooms of native/ from the bottom up; a file may include its own room and those below. */
const NATIVE_ORDER = ['common', 'ops', 'checkpoint', 'image', 'model', 'runtime', 'binding'];
/** Rooms of native/ on one floor, which must not see each other. */
const NATIVE_APART = [['ops', 'checkpoint', 'image']];

/** Rooms of lib/ and those that each may import from besides its own. */
const LIB_BASE = ['diagnostics', 'errors', 'signal', 'tensor'];
const LIB_DOORS = {
  diagnostics: [],
  describe: [],
  nearest: [],
  errors: ['describe', 'nearest'],
  signal: ['errors'],
  tensor: ['errors', 'binding'],
  version: [],
  python_json: [],
  permission: ['errors'],
  package_root: ['errors', 'permission', 'version'],
  user_folders: [],
  binding: ['errors', 'signal', 'libtorch', 'package_root', 'permission'],
  download: ['errors'],
  libtorch: [
    'config',
    'describe',
    'download',
    'errors',
    'package_root',
    'permission',
    'signal',
    'user_folders',
  ],
  config: [...LIB_BASE, 'binding'],
  hub: [
    'config',
    'describe',
    'errors',
    'python_json',
    'signal',
    'download',
    'package_root',
    'permission',
    'user_folders',
  ],
  image: [...LIB_BASE, 'binding', 'config', 'describe', 'permission'],
  models: [...LIB_BASE, 'binding', 'config', 'hub', 'image', 'permission', 'python_json'],
  pipelines: [...LIB_BASE, 'binding', 'config', 'hub', 'image', 'models'],
  system_info: ['binding', 'version'],
  cli: ['index'],
};

const problems = [];

function files(folder, pattern) {
  return fs
    .readdirSync(path.join(root, folder), { recursive: true })
    .filter((name) => pattern.test(name))
    .map((name) => path.join(folder, name));
}

function report(file, what) {
  problems.push(`${file}: ${what}`);
}

function checkNative(file) {
  const text = fs.readFileSync(path.join(root, file), 'utf8');
  const room = file.split(path.sep)[1];
  if (room !== 'binding' && /#include <(napi|node_api)\.h>/.test(text)) {
    report(file, 'Node-API outside native/binding');
  }
  if (!file.endsWith('_kernel.cu') && text.includes('<<<'))
    report(file, 'kernel launch outside *_kernel.cu');
  for (const [, included] of text.matchAll(/#include "(\w+)\//g)) {
    const climbs = NATIVE_ORDER.indexOf(included) > NATIVE_ORDER.indexOf(room);
    const apart = NATIVE_APART.some(
      (rooms) => room !== included && rooms.includes(room) && rooms.includes(included),
    );
    if (climbs || apart) report(file, `native/${room} must not include native/${included}`);
  }
}

function roomOf(file) {
  const [first] = path.relative('lib', file).split(path.sep);
  return first.replace(/\.m?ts$/, '');
}

function checkLib(file) {
  const room = roomOf(file);
  if (room === 'index') return;
  const text = fs.readFileSync(path.join(root, file), 'utf8');
  const allowed = LIB_DOORS[room];
  if (!allowed) {
    report(file, `room ${room} is not in LIB_DOORS`);
    return;
  }
  for (const [, target] of text.matchAll(/(?:from|import\(|require\() ?'(\.[^']+)'/g)) {
    if (target.endsWith('package.json')) continue; // no code of anybody's
    const other = roomOf(path.join(path.dirname(file), target));
    if (other !== room && !allowed.includes(other))
      report(file, `lib/${room} must not import lib/${other}`);
  }
}

files('native', /\.(h|cpp|cu)$/).forEach(checkNative);
files('lib', /\.m?ts$/).forEach(checkLib);
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
