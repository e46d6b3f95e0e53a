// `npm run batch:kill`: ends the batch command by SIGKILL at random moments, again and again. Whenever it
// was, the same command then comes to the rows of an undisturbed run.
'use strict';

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { numbers, random, report, wait } = require('./common');
const { makeMixedSet } = require('./mixed_set');

const MAIN = path.join(__dirname, '..', '..', 'dist', 'cli', 'main.js');
/** Inputs of a part: a commit every few milliseconds. */
const PART_SIZE = 3;
/** Of kills, those that are followed by another one before the job may end. */
const AGAIN = 0.4;

/** @returns the exit code, or the signal that ended it. */
async function batch(list, out, { killAfter, format = 'jsonl' } = {}) {
  const options = ['--part-size', String(PART_SIZE), '--format', format, '--threads', '1'];
  const args = [MAIN, 'batch', '--files-from', list, '--out', out, ...options];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk) => (stderr += chunk));
  const ended = new Promise((resolve) =>
    child.once('close', (code, signal) => resolve(signal ?? code)),
  );
  if (killAfter !== undefined) {
    await Promise.race([wait(killAfter), ended]);
    child.kill('SIGKILL');
  }
  const end = await ended;
  if (end !== 0 && end !== 'SIGKILL') throw new Error(`it ended with ${end}: ${stderr}`);
  return end;
}

/** All rows, in order, and what else there is. */
function state(out) {
  const names = fs.readdirSync(out).sort();
  const rows = names
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => fs.readFileSync(path.join(out, name), 'utf8').trimEnd().split('\n'));
  const job = fs.readdirSync(path.join(out, '.job')).sort();
  const kept = job.map((name) => name.replace(/^(plan|done)-.*/, '$1'));
  return JSON.stringify({ names, rows, kept });
}

async function main() {
  const { times, inputs, seed } = numbers({ times: 200, inputs: 60, seed: 1 });
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bit kill '));
  const set = await makeMixedSet(path.join(folder, 'set'), inputs);
  const list = path.join(folder, 'list.txt');
  fs.writeFileSync(list, set.map((each) => each.path).join('\n'));
  const begun = performance.now();
  await batch(list, path.join(folder, 'undisturbed'));
  const usual = performance.now() - begun;
  const expected = state(path.join(folder, 'undisturbed'));

  const next = random(seed);
  const counts = { killed: 0, ended: 0, wrong: 0 };
  for (let time = 0; time < times; time++) {
    const out = path.join(folder, `out${time}`);
    do {
      const end = await batch(list, out, { killAfter: next() * usual * 1.1 });
      counts[end === 'SIGKILL' ? 'killed' : 'ended']++;
    } while (next() < AGAIN);
    await batch(list, out);
    if (state(out) !== expected) {
      counts.wrong++;
      console.error(`wrong: ${out} (kept)`);
    } else fs.rmSync(out, { recursive: true });
  }
  if (counts.wrong === 0) fs.rmSync(folder, { recursive: true });
  report(
    { times, inputs, ...counts, runMs: Math.round(usual) },
    {
      'every job comes to the same rows': counts.wrong === 0,
      'some were killed': counts.killed > 0,
    },
  );
}

main();
