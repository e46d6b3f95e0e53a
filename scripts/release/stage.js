// Lays out what each npm package is to hold, in artifacts/staging/<name>/, from what was built.
'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const { binariesIn, strip } = require('./binaries');
const { copyGccLicences } = require('./debian11');

const root = path.join(__dirname, '..', '..');
const packages = path.join(root, 'packages');

/** Of this repository, beside dist/. Sources go along for those who have to build. */
const MAIN_FILES = [
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
  'THIRD-PARTY.md',
  'models/bit-mini-scenes',
  'prebuilds',
  'native',
  'cmake',
  'CMakeLists.txt',
  'scripts/build-native.js',
];
/** Fields of package.json that are for those who work on it. */
const FOR_DEVELOPERS = ['devDependencies', 'scripts', 'files', 'binary'];
/** What building from source takes, whoever brings it; nothing of it is needed at run time. */
const BUILD_TOOLS = { 'cmake-js': '>=8', 'node-addon-api': '>=8', 'node-gyp': '>=11' };

const readJson = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));
const writeJson = (file, value) => fs.writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);

function emptied(folder) {
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  return folder;
}

function copy(from, to) {
  if (!fs.existsSync(from)) throw new Error(`There is no ${path.relative(root, from)}`);
  fs.cpSync(from, to, { recursive: true });
}

/** The manifest that is published: that of the clone, without what is for developers, with the other packages. */
function publishedManifest() {
  const manifest = readJson(path.join(root, 'package.json'));
  const others = fs.readdirSync(packages).map((name) => {
    const { name: full, version } = readJson(path.join(packages, name, 'package.json'));
    return [full, version];
  });
  for (const field of FOR_DEVELOPERS) delete manifest[field];
  return {
    ...manifest,
    preferUnplugged: true,
    optionalDependencies: Object.fromEntries(others),
    peerDependencies: BUILD_TOOLS,
    peerDependenciesMeta: Object.fromEntries(
      Object.keys(BUILD_TOOLS).map((name) => [name, { optional: true }]),
    ),
  };
}

/** The main package; dist/ is compiled anew, since the clone's may hold files of earlier sources. */
function stageMain(staging) {
  const folder = emptied(path.join(staging, 'bigtransfer'));
  const compiler = require.resolve('typescript/bin/tsc');
  const outDir = path.join(folder, 'dist');
  execFileSync(process.execPath, [compiler, '-p', 'tsconfig.build.json', '--outDir', outDir], {
    cwd: root,
    stdio: 'inherit',
  });
  fs.chmodSync(path.join(outDir, 'cli', 'main.js'), 0o755);
  for (const name of MAIN_FILES) copy(path.join(root, name), path.join(folder, name));
  stageGyp(path.join(folder, 'native'));
  writeJson(path.join(folder, 'package.json'), publishedManifest());
  return folder;
}

/**
 * In a folder below: of a package that has a binding.gyp at its root, `npm ci` and `npm rebuild` run node-gyp, whatever
 * its `gypfile` says, since that does not reach lock files.
 */
function stageGyp(folder) {
  const text = fs.readFileSync(path.join(root, 'binding.gyp'), 'utf8');
  const below = text.replace(/"(scripts\/|CMakeLists|build\/)/g, '"../$1');
  fs.writeFileSync(path.join(folder, 'binding.gyp'), below);
}

/** The library for GPUs, of the main package's version: they are of one build. */
function stageCuda(staging) {
  const folder = emptied(path.join(staging, 'cuda-linux-x64'));
  copy(path.join(packages, 'cuda-linux-x64'), folder);
  fs.copyFileSync(path.join(root, 'LICENSE'), path.join(folder, 'LICENSE'));
  return folder;
}

/** PyTorch's libraries out of its wheel, which is fetched and checked as for everybody. */
async function stageLibtorch(staging) {
  const { PINNED } = require('../../dist/libtorch');
  const { extractWheels } = require('../../dist/libtorch/extract');
  const { obtainWheels, wantedWheels } = require('../../dist/libtorch/wheel');
  const folder = emptied(path.join(staging, 'libtorch-linux-x64'));
  copy(path.join(packages, 'libtorch-linux-x64'), folder);
  const { version } = readJson(path.join(folder, 'package.json'));
  if (PINNED.version.split('+')[0] !== version)
    throw new Error(`packages/libtorch-linux-x64 is ${version}, and libtorch ${PINNED.version}`);

  const kept = path.join(root, 'build-prebuild', 'wheels');
  fs.mkdirSync(kept, { recursive: true });
  const { paths } = await obtainWheels(kept, kept, wantedWheels({}), {});
  await extractWheels(paths, folder, (name) => {
    const licence = /^[^/]+\.dist-info\/licenses\/(.*)$/.exec(name);
    if (licence) return `licenses/pytorch/${licence[1]}`;
    return /^torch\/lib\/lib(c10|torch|torch_cpu|gomp)\.so(\.\d+)?$/.test(name)
      ? name.slice('torch/'.length)
      : null;
  });
  binariesIn(folder).forEach(strip);
  fs.writeFileSync(path.join(folder, 'build-version'), `${PINNED.version}\n`);
  copyGccLicences(path.join(folder, 'licenses', 'libgomp'));
  return folder;
}

module.exports = { stageCuda, stageLibtorch, stageMain };
