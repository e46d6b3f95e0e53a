// Runs after `npm ci` in a clone: compiles TypeScript, finds or fetches libtorch, builds the addon.
// A published package runs no script at all.
'use strict';

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');
const STEP = 'bigtransfer';

function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

function progressLine() {
  let shown = -1;
  return ({ phase, loaded, total }) => {
    const percent = total ? Math.floor((100 * loaded) / total) : 0;
    const step = process.stderr.isTTY ? percent : Math.floor(percent / 10) * 10;
    const key = `${phase} ${step}`;
    if (key === shown) return;
    shown = key;
    process.stderr.write(`${STEP}: ${phase} ${step} %${process.stderr.isTTY ? '\r' : '\n'}`);
  };
}

async function ensureLibtorch() {
  const { findLibtorch, fetchLibtorch } = require(path.join(root, 'dist', 'libtorch'));
  const { found } = findLibtorch({ needHeaders: true });
  if (found) {
    console.log(`${STEP}: libtorch ${found.version} in ${found.dir} (${found.source})`);
    return;
  }
  console.log(`${STEP}: no libtorch with headers found; fetching one (192 MB, once)`);
  const dir = await fetchLibtorch({ onProgress: progressLine() });
  console.log(`\n${STEP}: libtorch is in ${dir}`);
}

async function main() {
  console.log(`${STEP}: compiling TypeScript`);
  run(process.execPath, [path.join(__dirname, 'build-ts.js')]);
  await ensureLibtorch();
  console.log(`${STEP}: compiling the native addon (a few minutes the first time)`);
  run(process.execPath, [path.join(__dirname, 'build-native.js')]);
  linkCommand();
}

/** Else npx would install the clone into a folder of its own, and run this once more for it. */
function linkCommand() {
  const link = path.join(root, 'node_modules', '.bin', 'bigtransfer');
  fs.rmSync(link, { force: true });
  fs.symlinkSync(path.join('..', '..', 'dist', 'cli', 'main.js'), link);
}

main().catch((error) => {
  console.error(`\n${STEP}: ${error.message}\nThen run \`npm ci\` again.`);
  process.exitCode = 1;
});
