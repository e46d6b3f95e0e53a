// Results as a file that programs read, and as tables that people do.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { median } = require('./statistics');

const RESULTS = path.join(__dirname, '..', 'results');

function digits(value) {
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}

/** Rows of one case and batch beside its first peer, which is ours. */
function table(rows) {
  const [first] = rows;
  const ours = median(first.samples);
  const lines = rows.map(({ peer, samples, agreement }) => {
    const middle = median(samples);
    const ratio = middle / ours;
    const rate = first.batch ? ` ${digits((1000 * first.batch) / middle)} |` : '';
    const alike = agreement
      ? `${agreement.cosine.toFixed(6)} | ${agreement.difference.toExponential(0)}`
      : ' | ';
    return `| ${peer} | ${digits(middle)} |${rate} ${ratio.toFixed(2)} | ${samples.length} | ${alike} |`;
  });
  const rate = first.batch ? ' img/s |' : '';
  return [
    `### ${first.case}${first.batch ? `, batch ${first.batch}` : ''}`,
    '',
    `| | median ${first.unit} |${rate} over ${first.peer} | samples | cosine to transformers | largest difference |`,
    `|---|---|${rate ? '---|' : ''}---|---|---|---|`,
    ...lines,
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
    `${machine.cpu}, ${machine.cores} cores (${machine.flags.join(', ')}), ${machine.system}, Node ${machine.node}`,
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

module.exports = { tables, write };
