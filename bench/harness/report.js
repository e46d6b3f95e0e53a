// Results as a file that programs read, and as tables that people do.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { median } = require('./statistics');

const RESULTS = path.join(__dirname, '..', 'results');

function digits(value) {
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}

/** Columns beside the peer's name; each may be of no use to some suites. */
const COLUMNS = [
  { title: (row) => `median ${row.unit}`, cell: (row) => digits(median(row.samples)) },
  {
    title: (row) => row.batch && 'img/s',
    cell: (row) => digits((1000 * row.batch) / median(row.samples)),
  },
  {
    title: (row) => `over ${row.peer}`,
    cell: (row, first) => (median(row.samples) / median(first.samples)).toFixed(2),
  },
  { title: () => 'samples', cell: (row) => String(row.samples.length) },
  {
    title: (row) => row.agreement && 'cosine to transformers',
    cell: ({ agreement }) => agreement?.cosine.toFixed(6) ?? '',
  },
  {
    title: (row) => row.agreement && 'largest difference',
    cell: ({ agreement }) => agreement?.difference.toExponential(0) ?? '',
  },
];

/** Rows of one case and batch beside the first peer, which is ours. */
function table(rows) {
  const [first] = rows;
  const columns = COLUMNS.filter(({ title }) => title(first));
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [
    `### ${first.case}${first.batch ? `, batch ${first.batch}` : ''}`,
    '',
    line(['', ...columns.map(({ title }) => title(first))]),
    `|${'---|'.repeat(columns.length + 1)}`,
    ...rows.map((row) => line([row.peer, ...columns.map(({ cell }) => cell(row, first))])),
    '',
  ].join('\n');
}

/** Tables of all results, in the order in which they came. */
function tables(results) {
  const groups = new Map();
  for (const row of results) {
    const key = `${row.suite}/${row.case}/${row.batch ?? ''}/${row.unit}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].map(table).join('\n');
}

/** What the figures were measured on, for people. */
function processor({ cpu, microarchitecture, cores, flags }) {
  return `${cpu}${microarchitecture ? ` (${microarchitecture})` : ''}, ${cores} cores (${flags.join(', ')})`;
}

function write(name, report) {
  fs.mkdirSync(RESULTS, { recursive: true });
  const file = path.join(RESULTS, `${name}.json`);
  const rounded = (key, value) =>
    key === 'samples' ? value.map((sample) => Number(sample.toFixed(3))) : value;
  fs.writeFileSync(file, `${JSON.stringify(report, rounded, 1)}\n`);
  const { machine, versions, absent } = report;
  const heading = [
    `# ${name}`,
    '',
    `${processor(machine)}, ${machine.system}, Node ${machine.node}`,
    '',
    Object.entries(versions)
      .map(([library, version]) => `${library} ${version}`)
      .join(', '),
    '',
    ...absent.map((peer) => `Missing: ${peer.name}: ${peer.why}\n`),
  ].join('\n');
  fs.writeFileSync(file.replace(/json$/, 'md'), `${heading}\n${tables(report.results)}`);
  return file;
}

module.exports = { RESULTS, digits, processor, tables, write };
