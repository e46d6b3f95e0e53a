// `npm run package`: builds what is published, packs it into artifacts/, checks it, and says what would be published.
// --version 0.2.0 sets the version first; --no-prebuild packs the binaries that are there.
'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const { parsed, runMain } = require('../arguments');
const { binariesIn, problemsOf } = require('./binaries');
const { stageCuda, stageLibtorch, stageMain } = require('./stage');

const root = path.join(__dirname, '..', '..');
const artifacts = path.join(root, 'artifacts');
const staging = path.join(artifacts, 'staging');

/** Bytes of a packed package that may not be exceeded. */
const MOST_BYTES = { bigtransfer: 10e6, '@bigtransfer/libtorch-linux-x64': 200e6 };

function run(command, args, cwd = root) {
  return execFileSync(command, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

const manifestOf = (folder) =>
  JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));

/** Of the main package and the one of its build; libtorch's own version stays. */
function setVersion(version) {
  run('npm', ['version', version, '--no-git-tag-version', '--allow-same-version']);
  const cuda = path.join(root, 'packages', 'cuda-linux-x64');
  run('npm', ['version', version, '--no-git-tag-version', '--allow-same-version'], cuda);
}

/** Mistakes that a build would carry on. */
function checkVersions() {
  const { version } = manifestOf(root);
  const cuda = manifestOf(path.join(root, 'packages', 'cuda-linux-x64')).version;
  if (cuda !== version)
    throw new Error(
      `packages/cuda-linux-x64 is ${cuda}, and bigtransfer ${version}: set both by --version`,
    );
  const changes = fs.readFileSync(path.join(root, 'CHANGELOG.md'), 'utf8');
  if (!changes.includes(`\n## ${version}\n`))
    throw new Error(`CHANGELOG.md has no section '## ${version}'`);
}

/** Packs a staged folder; what npm says of the tarball. */
function pack(folder) {
  const [packed] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', artifacts, folder]),
  );
  const most = MOST_BYTES[packed.name];
  if (packed.size > most)
    throw new Error(`${packed.filename} has ${packed.size} bytes, over ${most}`);
  return packed;
}

function checkBinaries(folder) {
  const problems = binariesIn(folder).flatMap((file) => problemsOf(file, [root]));
  if (problems.length > 0) throw new Error(problems.join('\n'));
}

/** What tools of the field find wrong with a package that people import. */
function checkTypes(folder, tarball) {
  run('npx', ['--no-install', 'publint', '--strict', folder]);
  run('npx', ['--no-install', 'attw', tarball]);
}

async function main() {
  const { values } = parsed({
    options: { version: { type: 'string' }, 'no-prebuild': { type: 'boolean', default: false } },
  });
  if (values.version) setVersion(values.version);
  checkVersions();
  if (!values['no-prebuild'])
    execFileSync(process.execPath, [path.join(__dirname, 'prebuild.js')], {
      cwd: root,
      stdio: 'inherit',
    });
  fs.rmSync(artifacts, { recursive: true, force: true });
  fs.mkdirSync(staging, { recursive: true });
  const main = stageMain(staging);
  const folders = [await stageLibtorch(staging), stageCuda(staging), main];
  folders.forEach(checkBinaries);
  const packed = folders.map(pack);
  checkTypes(main, path.join(artifacts, packed.at(-1).filename));
  for (const { id, filename, size, unpackedSize, entryCount } of packed) {
    const [packedMb, unpackedMb] = [size, unpackedSize].map((bytes) => (bytes / 1e6).toFixed(1));
    console.log(`${id}: ${entryCount} files, ${packedMb} MB, ${unpackedMb} MB unpacked`);
    console.log(`  npm publish --access public artifacts/${filename}`);
  }
}

runMain(main);
