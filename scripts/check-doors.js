// Checks that each room of the house uses only the doors that it has: no napi.h outside
// native/binding, no kernel launch outside *_kernel.cu, no include or import that climbs or leads back
// to where it came from. And that no file grows without end, or stands without a word on its tests.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');

/** Rooms of native/ from the bottom up; a file may include its own room and those below. */
const NATIVE_ORDER = [
  'common',
  'ops',
  'checkpoint',
  'image',
  'peers',
  'devices',
  'model',
  'pictures',
  'training',
  'runtime',
  'binding',
];
/** Rooms of native/ on one floor, which must not see each other. */
const NATIVE_APART = [
  ['ops', 'checkpoint', 'image', 'peers'],
  ['model', 'pictures'],
];

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
  platform: ['libtorch'],
  binding: ['errors', 'signal', 'libtorch', 'package_root', 'permission', 'platform'],
  download: ['errors'],
  libtorch: [
    'config',
    'describe',
    'download',
    'errors',
    'package_root',
    'permission',
    'platform',
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
  explain: [...LIB_BASE, 'binding', 'config', 'image', 'models', 'nearest', 'pipelines'],
  training: [
    ...LIB_BASE,
    'batch',
    'binding',
    'config',
    'describe',
    'explain',
    'hub',
    'image',
    'models',
    'nearest',
    'permission',
    'pipelines',
    'report',
    'version',
  ],
  batch: [
    'binding',
    'config',
    'describe',
    'errors',
    'hub',
    'image',
    'models',
    'permission',
    'pipelines',
    'report',
    'signal',
    'system_info',
    'tensor',
    'version',
  ],
  system_info: ['binding', 'version'],
  report: [],
  cli: ['index'],
};

/** Lines of a file: twice what one should have; a longer one holds more than one thing. */
const MOST_LINES = 400;
/** For files without a test of their name: which test holds what they do. */
const TESTED_BY = 'test/tested_by.json';
/** What only says what there is, or is the same for all. */
const UNTESTED = /\.mts$|common\/precompiled\.h$/;
const IMPORT = /(?:from|import\(|require\() ?'(\.[^']+)'/g;

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
  if (!file.startsWith(path.join('native', 'peers', 'gloo')) && text.includes('#include <gloo/'))
    report(file, 'Gloo outside native/peers/gloo');
  if (!file.startsWith(path.join('native', 'peers', 'nccl')) && text.includes('#include <nccl.h>'))
    report(file, 'NCCL outside native/peers/nccl');
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
  for (const [, target] of text.matchAll(IMPORT)) {
    if (target.endsWith('package.json')) continue; // no code of anybody's
    const other = roomOf(path.join(path.dirname(file), target));
    if (other !== room && !allowed.includes(other))
      report(file, `lib/${room} must not import lib/${other}`);
  }
}

/** Files that a file of native/ includes. */
function includesOf(file) {
  const text = fs.readFileSync(path.join(root, file), 'utf8');
  const names = [...text.matchAll(/#include "([^"]+)"/g)].map(([, name]) => name);
  return names.map((name) => path.join('native', name));
}

/** Files that a file of lib/ imports, for their types alone too. */
function importsOf(file) {
  const text = fs.readFileSync(path.join(root, file), 'utf8');
  const targets = [...text.matchAll(IMPORT)].map(([, target]) =>
    path.join(path.dirname(file), target),
  );
  return targets.flatMap((target) => [`${target}.ts`, path.join(target, 'index.ts')]);
}

/** Reports each way by which a file comes back to itself. */
function checkCircles(all, nextOf) {
  const known = new Set(all);
  const done = new Set();
  const visit = (file, way) => {
    const start = way.indexOf(file);
    if (start >= 0) report(file, `a circle: ${[...way.slice(start), file].join(' → ')}`);
    if (start >= 0 || done.has(file)) return;
    for (const next of nextOf(file).filter((each) => known.has(each))) visit(next, [...way, file]);
    done.add(file);
  };
  for (const file of all) visit(file, []);
}

/** A file without its ending, such as 'native/ops/activation' of its header and its source. */
function stem(file) {
  return file.slice(0, -path.extname(file).length);
}

/** Where the tests of a file of its name are. */
function testOfItsName(name) {
  return name.startsWith('lib')
    ? `${name.replace(/^lib/, 'test')}.test.ts`
    : `${name.replace(/^native/, path.join('test', 'native'))}_test.cpp`;
}

/** Each file has a test of its name, or test/tested_by.json says where its tests are. */
function checkTests(all) {
  const listed = JSON.parse(fs.readFileSync(path.join(root, TESTED_BY), 'utf8'));
  const exists = (file) => fs.existsSync(path.join(root, file));
  for (const test of Object.keys(listed).filter((each) => !exists(each)))
    report(TESTED_BY, `there is no ${test}`);
  const elsewhere = Object.values(listed).flat();
  const names = new Set(all.map((file) => stem(file).split(path.sep).join('/')));
  for (const name of elsewhere.filter((each) => !names.has(each)))
    report(TESTED_BY, `there is no ${name}`);
  for (const name of names) {
    const times = elsewhere.filter((each) => each === name).length;
    const own = testOfItsName(name);
    if (exists(own) ? times > 0 : times !== 1)
      report(name, `tested by ${own}, or named once in ${TESTED_BY}`);
  }
}

function checkLength(file) {
  const lines = fs.readFileSync(path.join(root, file), 'utf8').split('\n').length - 1;
  if (lines > MOST_LINES) report(file, `${lines} lines, and ${MOST_LINES} are the most`);
}

const native = files('native', /\.(h|cpp|cu)$/);
const lib = files('lib', /\.m?ts$/);
native.forEach(checkNative);
lib.forEach(checkLib);
checkCircles(native, includesOf);
checkCircles(lib, importsOf);
[...native, ...lib].forEach(checkLength);
checkTests([...native, ...lib].filter((file) => !UNTESTED.test(file)));
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
