// `npm run train:kill`: ends the finetune command by SIGKILL at random moments, again and again. Whenever it
// was, the same command then comes to the weights of an undisturbed run, and to the loss of each of its steps.
// With `-- --processes 2` it is one of several processes, any of them, and the others have to end by themselves.
'use strict';

const { execFileSync, spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { numbers, random, report, wait } = require('./common');
const { makeStripes, makeTinyModel } = require('./training_set');

const MAIN = path.join(__dirname, '..', '..', 'dist', 'cli', 'main.js');
/** Checkpoints, evaluations and all that is drawn, as often as may be. */
const OPTIONS =
  '--max-steps 40 --save-steps 2 --eval-steps 5 --batch-size 8 --batch-split 2 --learning-rate 0.3 ' +
  '--train-val-split 0.25 --mixup 0.1 --drop-path-rate 0.1 --threads 1 --no-report';
/** Of kills, those that are followed by another one before the run may end. */
const AGAIN = 0.4;
/** For each kill: a machine may be so quick that few runs are met. */
const MOST_RUNS = 10;

/** How the command ends where another of its processes was killed. */
const TOLD = /Rank \d+ is gone|A process has ended/;

/** Processes that another one has started. */
function childrenOf(pid) {
  try {
    const list = execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
    return list.split('\n').map(Number).filter(Boolean);
  } catch {
    return []; // there is none
  }
}

function killNow(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error; // it has just ended by itself
  }
}

/** @returns whether it came to its end; `kill` says when one of its processes, drawn by a number, is killed. */
async function finetune({ data, model, processes }, out, kill) {
  const args = [MAIN, 'finetune', data, '--model', model, '--out', out, ...OPTIONS.split(' ')];
  if (processes > 1) args.push('--processes', String(processes));
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk) => (stderr += chunk));
  const ended = new Promise((resolve) =>
    child.once('close', (code, signal) => resolve(signal ?? code)),
  );
  if (kill !== undefined) {
    await Promise.race([wait(kill.after), ended]);
    const all = child.exitCode === null ? [child.pid, ...childrenOf(child.pid)] : [];
    if (all.length > 0) killNow(all[Math.floor(kill.which * all.length)]);
  }
  const end = await ended;
  const isKilled = kill !== undefined && (end === 'SIGKILL' || (end === 1 && TOLD.test(stderr)));
  if (end !== 0 && !isKilled) throw new Error(`it ended with ${end}: ${stderr}`);
  return end === 0;
}

/** The last step that the log of a run has; 0 before there is one. */
function stepsIn(out) {
  const file = path.join(out, 'training', 'metrics.jsonl');
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('"loss"').length - 1 : 0;
}

/** What it comes to, bit by bit, and what else there is: names of files, each under its folder's. */
function state(out) {
  const files = fs
    .readdirSync(out, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => path.relative(out, path.join(each.parentPath ?? each.path, each.name)))
    .filter((name) => !path.basename(name).startsWith('events.'))
    .sort();
  const content = (name) => {
    const bytes = fs.readFileSync(path.join(out, name));
    return path.basename(name) === 'metrics.jsonl' ? rows(bytes) : bytes.toString('base64');
  };
  return JSON.stringify(files.map((name) => [name, content(name)]));
}

/** Without what depends on the clock. */
const rows = (bytes) =>
  bytes
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => ({ ...JSON.parse(line), imagesPerSecond: null }));

async function main() {
  const { times, seed, processes } = numbers({ times: 50, seed: 1, processes: 1 });
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bit train '));
  const given = {
    processes,
    model: await makeTinyModel(path.join(folder, 'model')),
    data: makeStripes(path.join(folder, 'data'), { narrow: 12, wide: 12, wider: 12 }),
  };
  await finetune(given, path.join(folder, 'undisturbed'));
  const expected = state(path.join(folder, 'undisturbed'));
  // The second one has all files of the package in memory, as those that are killed.
  const begun = performance.now();
  await finetune(given, path.join(folder, 'again'));
  const usual = performance.now() - begun;
  const isSame = state(path.join(folder, 'again')) === expected;

  const next = random(seed);
  const counts = { killed: 0, amidSteps: 0, ended: 0, runs: 0, wrong: 0 };
  const isEnough = () => counts.killed >= times && counts.amidSteps > 0;
  while (!isEnough() && counts.runs < MOST_RUNS * times) {
    const out = path.join(folder, `out${counts.runs++}`);
    do {
      const isEnded = await finetune(given, out, { after: next() * usual, which: next() });
      counts[isEnded ? 'ended' : 'killed']++;
      if (!isEnded && stepsIn(out) > 0) counts.amidSteps++;
    } while (next() < AGAIN);
    await finetune(given, out);
    if (state(out) !== expected) {
      counts.wrong++;
      console.error(`wrong: ${out} (kept)`);
    } else fs.rmSync(out, { recursive: true });
  }
  if (counts.wrong === 0) fs.rmSync(folder, { recursive: true });
  report(
    { times, processes, ...counts, runMs: Math.round(usual) },
    {
      'two undisturbed runs are the same': isSame,
      'every run comes to the same weights, losses and files': counts.wrong === 0,
      'some were killed amid their steps': counts.amidSteps > 0,
    },
  );
}

main();
