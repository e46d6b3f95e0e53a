// `npm run test:mutate`: breaks lib/ in one place at a time, and lists what no test notices.
// Arguments: --since REV for the lines changed since then; --sample 0.1 [--seed N] for functions
// drawn at random, a tenth of the lines; or files, as lib/tensor.ts or lib/tensor.ts:10-20.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { expectAboveZero, parsed, runMain } = require('./arguments');
const config = require('../test/mutation/stryker.config');
const { changedSince, sample } = require('../test/mutation/parts');

const root = path.join(__dirname, '..');
const RESULT = path.join(root, 'test', 'mutation', 'lib.json');
const MAY_LIVE = path.join(root, 'test', 'mutation', 'may_live.json');
/** A test that fails, one that hangs, and a file of tests that does not load. */
const NOTICED = ['Killed', 'Timeout', 'RuntimeError'];
const SURVIVED = ['Survived', 'NoCoverage'];
/** Of the code that was replaced, where it is longer. */
const MOST_SHOWN = 200;

const { values, positionals } = parsed({
  allowPositionals: true,
  options: {
    since: { type: 'string' },
    sample: { type: 'string' },
    seed: { type: 'string', default: String(1 + (Date.now() % 1_000_000)) },
    concurrency: { type: 'string', default: '2' },
  },
});

/** @throws Error for numbers that are none, and for files that are not there. */
function check() {
  const { sample: share = '1', seed, concurrency } = values;
  expectAboveZero({ sample: share, seed, concurrency });
  for (const place of positionals) {
    const file = place.replace(/:\d+-\d+$/, '');
    if (!fs.existsSync(path.join(root, file))) throw new Error(`There is no ${file}`);
  }
}

/** The places, and what they are of. */
function whatToBreak() {
  const { since, sample: share, seed } = values;
  if (since !== undefined) return [changedSince(since), `the lines changed since ${since}`];
  if (share !== undefined)
    return [
      sample(Number(share), Number(seed)),
      `functions drawn by --sample ${share} --seed ${seed}`,
    ];
  return positionals.length > 0 ? [positionals, positionals.join(' ')] : [config.mutate, 'all'];
}

/** On one line, with its beginning alone where it is long. */
function shown(code) {
  const line = code.replace(/\s+/g, ' ').trim();
  return line.length > MOST_SHOWN ? `${line.slice(0, MOST_SHOWN)}…` : line;
}

/** The code between two places, whose lines and columns count from 1. */
function codeAt(file, { start, end }) {
  const text = fs.readFileSync(path.join(root, file), 'utf8');
  const lines = text.split('\n').slice(start.line - 1, end.line);
  lines.push(lines.pop().slice(0, end.column - 1));
  return [lines.shift().slice(start.column - 1), ...lines].join('\n');
}

function describe({ fileName, location, mutatorName, replacement, status }) {
  const file = path.relative(root, fileName);
  return {
    file,
    line: location.start.line,
    mutator: mutatorName,
    original: shown(codeAt(file, location)),
    replacement: shown(replacement),
    ...(status === 'NoCoverage' && { reached: false }),
  };
}

/** Those that behave as the original does; the code says which, so that lines may move. */
function mayLive({ file, original, replacement }) {
  const known = JSON.parse(fs.readFileSync(MAY_LIVE, 'utf8'));
  return known.some(
    (each) => each.file === file && each.original === original && each.replacement === replacement,
  );
}

async function main() {
  check();
  const [mutate, of] = whatToBreak();
  console.log(`Breaking ${of} (${mutate.length})`);
  if (mutate.length === 0) return;
  const { Stryker } = await import('@stryker-mutator/core');
  const concurrency = Number(values.concurrency);
  const mutants = await new Stryker({ ...config, mutate, concurrency }).runMutationTest();

  const noticed = mutants.filter(({ status }) => NOTICED.includes(status)).length;
  const living = mutants.filter(({ status }) => SURVIVED.includes(status)).map(describe);
  const survivors = living.filter((mutant) => !mayLive(mutant));
  const rate = noticed / (noticed + survivors.length);
  for (const { file, line, mutator, original, replacement, reached } of survivors) {
    const tests = reached === false ? ', which no test reaches' : '';
    console.log(`${file}:${line} ${mutator}${tests}\n  - ${original}\n  + ${replacement}`);
  }
  const equivalent = living.length - survivors.length;
  const result = { of, noticed, survived: survivors.length, equivalent, rate, survivors };
  fs.writeFileSync(RESULT, `${JSON.stringify(result, null, 2)}\n`);
  console.log(
    `\n${noticed} noticed, ${survivors.length} survived (and ${equivalent} that may): ` +
      `${(100 * rate).toFixed(1)} % noticed`,
  );
}

runMain(main);
