// Runs test/gpu on the CUDA device, in plain JavaScript so that it needs no development packages.
// Arguments: parts of files' names, as `memory`; --sanitize for compute-sanitizer over the kernels.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { run } = require('node:test');

const root = path.join(__dirname, '..');
const folder = path.join(root, 'test', 'gpu');

/** Characters of what a file with failures printed. */
const MOST_PRINTED = 8000;

function filesOf(wanted) {
  return fs
    .readdirSync(folder)
    .filter((name) => name.endsWith('.gpu.js'))
    .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
    .map((name) => path.join(folder, name));
}

/** Why tests were skipped, and how many for each reason. */
function countReasons(skipped) {
  const counts = new Map();
  for (const reason of skipped) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(([reason, count]) => `${count} skipped: ${reason}`);
}

/** Runs one file in a process of its own, and adds to `results`. */
async function runFile(file, results) {
  const area = path.basename(file, '.gpu.js');
  let printed = '';
  let failed = 0;
  for await (const { type, data } of run({ files: [file] })) {
    if (type === 'test:stdout' || type === 'test:stderr') printed += data.message;
    if (type === 'test:fail') {
      failed++;
      const { error } = data.details;
      console.log(`not ok ${area}: ${data.name}\n${error.cause?.stack ?? error.cause ?? error}`);
    }
    if (type !== 'test:pass') continue;
    if (data.skip !== undefined && data.skip !== false) results.skipped.push(data.skip);
    else {
      results.passed++;
      console.log(`ok ${area}: ${data.name} (${(data.details.duration_ms / 1000).toFixed(1)} s)`);
    }
  }
  if (failed > 0) console.log(printed.slice(-MOST_PRINTED));
  results.failed += failed;
}

async function main(args) {
  const wanted = args.filter((arg) => arg !== '--sanitize');
  if (args.includes('--sanitize')) process.env.BIGTRANSFER_SANITIZE = '1';
  if (!fs.existsSync(path.join(root, 'dist', 'index.js')))
    throw new Error('The package is not compiled. Run: npm run build:ts');
  const { whyNoGpu } = require('../test/gpu/support/gpu');
  const files = filesOf(wanted);
  if (files.length === 0) throw new Error(`No file of test/gpu is named ${wanted.join(' or ')}`);
  console.log(whyNoGpu() ? `No test can run: ${whyNoGpu()}` : describeCards());
  const results = { passed: 0, failed: 0, skipped: [] };
  // One after the other: some look at the card's free memory.
  for (const file of files) await runFile(file, results);
  const { passed, failed, skipped } = results;
  for (const line of countReasons(skipped)) console.log(line);
  console.log(`\n${passed} passed, ${failed} failed, ${skipped.length} skipped`);
  if (failed > 0) process.exitCode = 1;
}

function describeCards() {
  const { devices, libtorch } = require('..').systemInfo();
  const cards = devices.filter(({ type }) => type === 'cuda');
  const names = cards.map(({ name, capability }) => `${name} (compute ${capability})`);
  return `${names.join(', ')}; libtorch ${libtorch.version}`;
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
