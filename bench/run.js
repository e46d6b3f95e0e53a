// Runs the suites and writes results/<name>.json and .md.
'use strict';

const { Command, Option } = require('commander');
const { machine } = require('./harness/machine');
const { missing, sortOut } = require('./harness/peers');
const { tables, write } = require('./harness/report');
const { versionsOf } = require('./harness/versions');

const SUITES = {
  batch: require('./suites/batch'),
  busy: require('./suites/busy'),
  inference: require('./suites/inference'),
  preprocessing: require('./suites/preprocessing'),
  startup: require('./suites/startup'),
  train: require('./suites/train'),
};

/** Those that are run by themselves, into results of their own. */
const APART = ['batch', 'busy', 'train'];

const split = (text) => text.split(',').map((part) => part.trim());

function parse() {
  return new Command('npm run bench --')
    .description('Times bigtransfer and its peers, taking turns')
    .addOption(
      new Option('--suites <names>', Object.keys(SUITES).join(', ')).argParser(split).default(
        Object.keys(SUITES).filter((name) => !APART.includes(name)),
        `all but ${APART.join(', ')}`,
      ),
    )
    .option('--busy', 'the suite of that name alone, into results/cpu-busy.json')
    .option('--cases <names>', 'parts of names of cases, as R50x1@224', split)
    .option('--batches <sizes>', 'of 1, 8, 32; on GPUs of 32, 128', split)
    .option('--peers <names>', 'parts of names of peers, as float32', split)
    .option('--rounds <n>', 'turns of each peer', Number, 9)
    .addOption(
      new Option('--device <name>', 'where the train suite runs')
        .choices(['cpu', 'cuda'])
        .default('cpu'),
    )
    .option('--dtype <name>', 'peers alone that compute in it, as bfloat16')
    .option('--name <name>', 'of the results', 'cpu')
    .on('option:busy', function () {
      this.setOptionValue('suites', ['busy']);
      this.setOptionValue('name', 'cpu-busy');
    })
    .parse()
    .opts();
}

/** Whether a case, or a batch as 'batch 8', was asked for. */
function chooser({ cases, batches }) {
  return (name) =>
    name.startsWith('batch ')
      ? !batches || batches.includes(name.slice('batch '.length))
      : !cases || cases.some((part) => name.includes(part));
}

/** Where one suite runs that can run elsewhere, the others would say nothing of it. */
function peersOf(name, { device }) {
  const { PEERS, peersOn } = SUITES[name];
  if (peersOn) return peersOn(device);
  if (device !== 'cpu') throw new Error(`The suite ${name} runs on the CPU: see npm run bench:gpu`);
  return PEERS;
}

async function main() {
  const options = parse();
  const lacking = missing(options.device);
  const report = { machine: machine(), versions: {}, absent: [], results: [] };
  const log = (line) => console.error(line);
  for (const name of options.suites) {
    const suite = SUITES[name];
    if (!suite) throw new Error(`There is no suite ${name}`);
    const wanted = peersOf(name, options).filter(
      (peer) =>
        (!options.peers || options.peers.some((part) => peer.name.includes(part))) &&
        (!options.dtype || peer.name.includes(options.dtype)),
    );
    const { present, absent } = sortOut(wanted, lacking);
    for (const peer of absent) log(`Missing: ${peer.name}: ${peer.why}`);
    report.absent.push(...absent.map((peer) => ({ suite: name, ...peer })));
    if (!suite.ONE_SHOT) Object.assign(report.versions, await versionsOf(present));
    const { rounds, device } = options;
    const settings = { peers: present, rounds, device, chosen: chooser(options), log };
    for await (const row of suite[name](settings)) {
      report.results.push(row);
      write(options.name, report); // as far as it has come
    }
  }
  console.log(tables(report.results));
  console.log(`Written to ${write(options.name, report)}`);
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1); // and with it the peers
});
