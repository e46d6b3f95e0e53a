// Writes the figures of results/ into the README; with --check says whether they are there.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { RESULTS, digits, processor } = require('./harness/report');
const { median } = require('./harness/statistics');

const README = path.join(__dirname, '..', 'README.md');
/** Whose results the README shows, in this order. */
const NAMES = ['cpu', 'cpu-larger', 'cpu-busy', 'cpu-startup', 'cpu-preprocessing'];
const BEGIN = '<!-- figures: npm run bench:readme -->\n';
const END = '<!-- end of figures -->';

/** Columns of the table of inference: a peer's time over that of ours in the same type. */
const TYPES = ['float32', 'bfloat16'];
const PEERS = {
  float32: ['onnxruntime-node', 'transformers eager', 'torch.compile', 'convolutions alone'],
  bfloat16: ['torch.compile', 'convolutions alone'],
};

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

function inference(results) {
  const rows = groups(
    results.filter(({ suite }) => suite === 'inference'),
    (row) => `${row.case}, batch ${row.batch}`,
  ).map(([name, of]) => [
    name,
    ...TYPES.flatMap((type) => {
      const ours = medianOf(of, `bigtransfer ${type}`);
      return [
        ours ? `**${digits(ours)} ms**` : '—',
        ...PEERS[type].map((peer) => ratio(medianOf(of, `${peer} ${type}`), ours)),
      ];
    }),
  ]);
  return table(['', ...TYPES.flatMap((type) => [`ours, ${type}`, ...PEERS[type]])], rows);
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
    const what = unit === 'MB' ? ', most memory' : batch ? `, ${batch} files` : '';
    return [`${name}${what}`, `**${digits(ours)} ${unit}**`, peers.join(', ')];
  });
  return table(['', 'ours', 'over ours'], rows);
}

function figures() {
  const reports = NAMES.map((name) => path.join(RESULTS, `${name}.json`))
    .filter((file) => fs.existsSync(file))
    .map((file) => JSON.parse(fs.readFileSync(file, 'utf8')));
  const results = reports.flatMap((report) => report.results);
  const [{ machine }] = reports;
  const versions = Object.assign({}, ...reports.map((report) => report.versions));
  const libraries = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `${processor(machine)}, Node ${machine.node}; ${libraries.join(', ')}.`,
    '',
    ...inference(results),
    '',
    ...others(results),
    '',
  ].join('\n');
}

const readme = fs.readFileSync(README, 'utf8');
const begin = readme.indexOf(BEGIN) + BEGIN.length;
const end = readme.indexOf(END);
const written = `${readme.slice(0, begin)}\n${figures()}\n${readme.slice(end)}`;
if (!process.argv.includes('--check')) {
  fs.writeFileSync(README, written);
} else if (written !== readme) {
  console.error('README.md does not show the figures of bench/results: `npm run bench:readme`');
  process.exitCode = 1;
}
