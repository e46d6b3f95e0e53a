// Times bigtransfer and PyTorch on a CUDA device, and merges what it measured into results/<name>.json
// and .md.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { Command } = require('commander');

const split = (text) => text.split(',').map((part) => part.trim());

function parse() {
  return new Command('npm run bench:gpu --')
    .description(
      'Times bigtransfer and PyTorch on a GPU, taking turns; parts merge into one result',
    )
    .option('--cases <names>', 'parts of names of cases, as R50x1@224', split)
    .option('--batches <sizes>', 'of 1, 8, 32, 64, 256', split)
    .option('--peers <names>', 'parts of names of peers, as eager', split)
    .option('--rounds <n>', 'turns of each peer', Number, 9)
    .option('--limit <seconds>', 'that a peer may take to get ready', Number, 400)
    .option('--name <name>', 'of the results', 'gpu')
    .option('--variants', 'ours with single things otherwise too, as docs/gpu.md names them')
    .option('--list', 'say which cases and peers there are')
    .option('--check', 'check the benchmark itself, without a GPU')
    .parse()
    .opts();
}

/** Whether a case, or a batch as 'batch 8', was asked for. */
function chooser({ batches }) {
  return (name) => !batches || batches.includes(name.slice('batch '.length));
}

const matching = (list, parts) =>
  list.filter(({ name }) => !parts || parts.some((part) => name.includes(part)));

function allPeers({ variants }) {
  const { peersOn, variantsOn } = require('./suites/gpu');
  return [...peersOn('cuda'), ...(variants ? variantsOn('cuda') : [])];
}

/** Measures; returns how many peers failed. */
async function measure({ cases, ...options }, log) {
  const { GpuReport } = require('./harness/gpu_report');
  const { machine } = require('./harness/machine');
  const { versionsOf } = require('./harness/versions');
  const { cardOn, gpu } = require('./suites/gpu');
  const peers = matching(allPeers(options), options.peers);
  if (peers.length === 0) throw new Error(`No peer is named ${options.peers.join(' or ')}`);
  const card = cardOn('cuda');
  const report = new GpuReport(options.name);
  report.begin({
    date: new Date().toISOString(),
    machine: machine(),
    card: await card.ask('describe'),
    ceilings: await card.ask('ceilings'),
    versions: await versionsOf(peers),
  });
  const { rounds, limit } = options;
  let failures = 0;
  for await (const found of gpu(cases, {
    card,
    peers,
    rounds,
    limit,
    chosen: chooser(options),
    log,
  })) {
    report.add([...found.rows, ...found.failed][0], found);
    failures += found.failed.length;
  }
  card.end();
  console.log(fs.readFileSync(report.file.replace(/json$/, 'md'), 'utf8'));
  console.log(`Written to ${report.file}`);
  return failures;
}

/** Why nothing can be measured, or false. */
function whyNot() {
  const { systemInfo } = require('..');
  const { devices, problem, cuda } = systemInfo();
  if (devices.some(({ type }) => type === 'cuda')) return false;
  return problem ?? cuda.reason ?? 'there is no CUDA device';
}

async function main() {
  const options = parse();
  const log = (line) => console.error(line);
  if (!fs.existsSync(path.join(__dirname, '..', 'dist', 'index.js')))
    throw new Error('The package is not compiled. Run: npm run build:ts');
  if (options.check) return (await require('./harness/gpu_check').check({ log })) > 0 ? 1 : 0;
  const cases = matching(require('./suites/gpu').CASES, options.cases);
  const chosen = chooser(options);
  const parts = cases.flatMap(({ name, batches }) =>
    batches.filter((size) => chosen(`batch ${size}`)).map((size) => `${name}, batch ${size}`),
  );
  if (parts.length === 0) throw new Error('No case was chosen: --list shows them');
  if (options.list) {
    const peers = allPeers(options).map(({ name }) => `peer: ${name}`);
    console.log([...parts, '', ...peers].join('\n'));
    return 0;
  }
  if (whyNot()) {
    console.log(`Nothing can be measured: ${whyNot()}\n\n0 measured, ${parts.length} skipped`);
    return 0;
  }
  return (await measure({ ...options, cases }, log)) > 0 ? 1 : 0;
}

main()
  .then((code) => process.exit(code))
  .catch((error) => {
    console.error(error.message);
    process.exit(1); // and with it the peers
  });
