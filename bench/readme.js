// Writes the figures of results/ into README.md (the main ones) and docs/performance.md (all); with --check says
// whether they are there.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { RESULTS, digits, processor } = require('./harness/report');
const { median } = require('./harness/statistics');

const ROOT = path.join(__dirname, '..');
/** Whose results are shown, in this order. */
const NAMES = ['cpu', 'cpu-larger', 'cpu-busy', 'cpu-startup', 'cpu-preprocessing'];
const END = '<!-- end of figures -->';

/** Columns of the table of inference: a peer's time over that of ours in the same type. */
const TYPES = ['float32', 'bfloat16'];
const PEERS = {
  float32: ['onnxruntime-node', 'transformers eager', 'torch.compile', 'convolutions alone'],
  bfloat16: ['torch.compile', 'convolutions alone'],
};
/** What the README shows: whom people compare with, and the rows that tell most. */
const MAIN_PEERS = {
  float32: ['onnxruntime-node', 'transformers eager', 'torch.compile'],
  bfloat16: ['torch.compile'],
};
const MAIN_CASES = ['R50x1@224', 'R101x1@224'];

const line = (cells) => `| ${cells.join(' | ')} |`;
const table = (head, rows) => [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)];

function groups(results, keyOf) {
  const found = new Map();
  for (const row of results) found.set(keyOf(row), [...(found.get(keyOf(row)) ?? []), row]);
  return [...found];
}

/** Median of a peer among the rows of one case; undefined where it was missing. */
function medianOf(rows, peer) {
  const row = rows.find((each) => each.peer === peer);
  return row && median(row.samples);
}

const ratio = (value, ours) => (value && ours ? (value / ours).toFixed(2) : '—');

function inference(results, peers) {
  const rows = groups(
    results.filter(({ suite }) => suite === 'inference'),
    (row) => `${row.case}, batch ${row.batch}`,
  ).map(([name, of]) => [
    name,
    ...TYPES.flatMap((type) => {
      const ours = medianOf(of, `bigtransfer ${type}`);
      return [
        ours ? `**${digits(ours)} ms**` : '—',
        ...peers[type].map((peer) => ratio(medianOf(of, `${peer} ${type}`), ours)),
      ];
    }),
  ]);
  return table(['', ...TYPES.flatMap((type) => [`ours, ${type}`, ...peers[type]])], rows);
}

/** Everything else: ours, and the peers' over it. */
function others(results) {
  const rows = groups(
    results.filter(({ suite }) => suite !== 'inference'),
    (row) => `${row.case}|${row.unit}`,
  ).map(([, of]) => {
    const [{ case: name, unit, batch, peer: first }] = of;
    const ours = medianOf(of, first);
    const peers = of.slice(1).map(({ peer }) => `${peer} ${ratio(medianOf(of, peer), ours)}`);
    const what = unit === 'MB' ? ', most memory' : batch > 1 ? `, ${batch} files` : '';
    return [`${name}${what}`, `**${digits(ours)} ${unit}**`, peers.join(', ')];
  });
  return table(['', 'ours', 'over ours'], rows);
}

function readResults(names) {
  const reports = names
    .map((name) => path.join(RESULTS, `${name}.json`))
    .filter((file) => fs.existsSync(file))
    .map((file) => JSON.parse(fs.readFileSync(file, 'utf8')));
  const [{ machine }] = reports;
  const results = reports.flatMap((report) => report.results);
  return { machine, results, versions: Object.assign({}, ...reports.map((each) => each.versions)) };
}

function allFigures({ machine, results, versions }) {
  const libraries = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `${processor(machine)}, Node ${machine.node}; ${libraries.join(', ')}.`,
    '',
    ...inference(results, PEERS),
    '',
    ...others(results),
  ];
}

function mainFigures({ machine, results }) {
  const main = results.filter((row) => MAIN_CASES.includes(row.case));
  return [`${processor(machine)}:`, '', ...inference(main, MAIN_PEERS)];
}

/** Of jobs from end to end: ours, and what stands beside it over ours. */
function batchFigures({ machine, results }) {
  return [`${processor(machine)}, Node ${machine.node}:`, '', ...others(results)];
}

/** Where the figures go: after a line that says how they are written, up to END. */
const PLACES = [
  {
    file: 'README.md',
    begin: '<!-- main figures: npm run bench:readme -->\n',
    names: NAMES,
    make: mainFigures,
  },
  {
    file: 'docs/performance.md',
    begin: '<!-- figures: npm run bench:readme -->\n',
    names: NAMES,
    make: allFigures,
  },
  {
    file: 'docs/batch.md',
    begin: '<!-- figures: npm run bench:readme -->\n',
    names: ['batch'],
    make: batchFigures,
  },
];

for (const { file, begin, names, make } of PLACES) {
  const full = path.join(ROOT, file);
  const text = fs.readFileSync(full, 'utf8');
  const start = text.indexOf(begin) + begin.length;
  const end = text.indexOf(END, start);
  const figures = `\n${make(readResults(names)).join('\n')}\n\n`;
  const written = `${text.slice(0, start)}${figures}${text.slice(end)}`;
  if (!process.argv.includes('--check')) {
    fs.writeFileSync(full, written);
  } else if (written !== text) {
    console.error(`${file} does not show the figures of bench/results: \`npm run bench:readme\``);
    process.exitCode = 1;
  }
}
