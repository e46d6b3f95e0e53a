// Results of the GPU suite: parts measured in several calls, merged into results/<name>.json and .md.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { NETWORKS } = require('./models');
const { RESULTS } = require('./report');
const { roofline } = require('./roofline');
const { median } = require('./statistics');

const MEGABYTE = 2 ** 20;

/**
 * What was measured so far: `runs` are calls of the command, each with its date, machine, card and
 * versions; `results` and `failed` belong to one by `run`, its number.
 */
class GpuReport {
  constructor(name) {
    this.file = path.join(RESULTS, `${name}.json`);
    const kept = fs.existsSync(this.file) && JSON.parse(fs.readFileSync(this.file, 'utf8'));
    const { runs = [], results = [], failed = [] } = kept || {};
    Object.assign(this, { runs, results, failed });
  }

  /** Begins a run; its rows replace older ones of the same case and batch, all peers together. */
  begin(run) {
    this.run = Math.max(0, ...this.runs.map(({ id }) => id)) + 1;
    this.runs.push({ id: this.run, ...run });
  }

  add({ case: name, batch }, { rows, failed }) {
    const isOther = (row) => row.case !== name || row.batch !== batch;
    const ofRun = (row) => ({ run: this.run, ...row });
    this.results = [...this.results.filter(isOther), ...rows.map(ofRun)];
    this.failed = [...this.failed.filter(isOther), ...failed.map(ofRun)];
    this.write();
  }

  write() {
    const inUse = new Set([...this.results, ...this.failed].map(({ run }) => run));
    const { results, failed } = this;
    const runs = this.runs.filter(({ id }) => inUse.has(id));
    fs.mkdirSync(RESULTS, { recursive: true });
    const rounded = (key, value) =>
      key === 'device' || key === 'wall' ? value.map((each) => Number(each.toFixed(4))) : value;
    fs.writeFileSync(this.file, `${JSON.stringify({ runs, results, failed }, rounded, 1)}\n`);
    const parts = runs.map((run) => describeRun(run, { results, failed }));
    fs.writeFileSync(this.file.replace(/json$/, 'md'), `# GPU\n\n${parts.join('\n')}`);
  }
}

function describeRun(run, { results, failed }) {
  const { id, date, card, ceilings, machine, versions } = run;
  const ofRun = (row) => row.run === id;
  return [
    `## ${card.name}, ${date}`,
    '',
    `Compute ${card.capability}, ${card.memoryGiB} GiB, driver ${card.driver}; ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; ` +
      Object.entries(versions)
        .map(([library, version]) => `${library} ${version}`)
        .join(', '),
    '',
    `Measured: copies move ${(ceilings.bandwidth / 1e12).toFixed(2)} TB/s (read and written), bfloat16 products ${(ceilings.rate / 1e12).toFixed(0)} TFLOP/s.`,
    '',
    ...failed
      .filter(ofRun)
      .map((each) => `Not measured: ${titleOf(each)}: ${each.name}: ${firstLine(each.why)}\n`),
    tables(results.filter(ofRun), ceilings),
  ].join('\n');
}

const titleOf = (row) => `${row.case}, batch ${row.batch}`;
const firstLine = (text) => text.split('\n')[0];

/** A table for each case and batch, in the order in which they came. */
function tables(rows, ceilings) {
  const groups = new Map();
  for (const row of rows) groups.set(titleOf(row), [...(groups.get(titleOf(row)) ?? []), row]);
  return [...groups.values()].map((group) => table(group, ceilings)).join('\n');
}

/** Times are also given as multiples of ours, where ours was measured. */
const COLUMNS = [
  { title: 'ms on the card', cell: (row) => timeOf(row.device) },
  { title: 'img/s', cell: (row) => rateOf(row, row.device) },
  { title: 'times ours', cell: (row, ours) => ratioOf(row.device, ours?.device) },
  { title: 'ms with copies', cell: (row) => timeOf(row.wall) },
  { title: 'img/s ', cell: (row) => rateOf(row, row.wall) },
  { title: 'times ours ', cell: (row, ours) => ratioOf(row.wall, ours?.wall) },
  { title: 'MiB of the card', cell: ({ memory }) => (memory / MEGABYTE).toFixed(0) },
  { title: 's to get ready', cell: ({ ready }) => ready.toFixed(0) },
  { title: 'cosine', cell: ({ cosine }) => cosine?.toFixed(6) ?? '' },
  { title: 'samples', cell: ({ wall }) => String(wall.length) },
];

const digits = (value) => value.toFixed(value < 10 ? 3 : value < 100 ? 1 : 0);
const timeOf = (samples) => (samples.length > 0 ? digits(median(samples)) : '');
const rateOf = ({ images }, samples) =>
  samples.length > 0 ? ((1000 * images) / median(samples)).toFixed(0) : '';
const ratioOf = (samples, ours) =>
  samples.length > 0 && ours?.length > 0 ? (median(samples) / median(ours)).toFixed(2) : '';

function table(rows, ceilings) {
  const ours = rows.find(({ isOurs }) => isOurs);
  const columns = COLUMNS.filter(({ cell }) => rows.some((row) => cell(row, ours) !== ''));
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [
    `### ${titleOf(rows[0])}`,
    '',
    line(['', ...columns.map(({ title }) => title)]),
    `|${'---|'.repeat(columns.length + 1)}`,
    ...rows.map((row) => line([row.peer, ...columns.map(({ cell }) => cell(row, ours))])),
    '',
    ...(ours?.device.length > 0 ? [describeRoofline(ours, ceilings), ''] : []),
  ].join('\n');
}

function describeRoofline({ network, size, batch, peer, device }, ceilings) {
  const { passes, folded } = roofline(NETWORKS[network], size, batch, ceilings);
  const share = (least) => `${((100 * least) / median(device)).toFixed(0)} %`;
  return (
    `The roofline is ${digits(passes)} ms with each norm a pass of its own, of which ${peer} reaches ` +
    `${share(passes)}, and ${digits(folded)} ms with norms folded into the convolutions (${share(folded)}).`
  );
}

module.exports = { GpuReport, tables };
