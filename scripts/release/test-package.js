// `npm run test:package`: packs everything, puts it into a registry of its own, and installs and runs it from there as
// strangers do. --no-pack takes the tarballs that are in artifacts/; what else is given goes to jest.
'use strict';

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..', '..');
const manifests = path.join(root, 'test', 'package', 'tools');
const tools = path.join(root, 'build-package-tests');

function run(command, args, cwd = root) {
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

/** Outside of test/, where jest would look through all that is installed. */
function installTools() {
  fs.mkdirSync(tools, { recursive: true });
  const lock = 'package-lock.json';
  const text = (folder) => fs.readFileSync(path.join(folder, lock), 'utf8');
  const installed = path.join(tools, 'node_modules', '.package-lock.json');
  if (fs.existsSync(installed) && text(tools) === text(manifests)) return;
  for (const name of ['package.json', lock])
    fs.copyFileSync(path.join(manifests, name), path.join(tools, name));
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], tools);
}

const given = process.argv.slice(2);
const noPack = given.includes('--no-pack');
if (!noPack) run(process.execPath, [path.join(__dirname, 'package.js')]);
installTools();
run('npx', [
  '--no-install',
  'jest',
  '--config',
  'test/package/jest.config.js',
  ...given.filter((argument) => argument !== '--no-pack'),
]);
