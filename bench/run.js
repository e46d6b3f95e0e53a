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
    .option('--batches <sizes>', 'of 1, 8, 32', split)
    .option('--peers <names>', 'parts of names of peers, as float32', split)
    .option('--rounds <n>', 'turns of each peer', Number, 9)
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

async function main() {
  const options = parse();
  const lacking = missing();
  const report = { machine: machine(), versions: {}, absent: [], results: [] };
  const log = (line) => console.error(line);
  for (const name of options.suites) {
    const suite = SUITES[name];
    if (!suite) throw new Error(`There is no suite ${name}`);
    const wanted = suite.PEERS.filter(
      (peer) => !options.peers || options.peers.some((part) => peer.name.includes(part)),
    );
    const { present, absent } = sortOut(wanted, lacking);
    for (const peer of absent) log(`Missing: ${peer.name}: ${peer.why}`);
    report.absent.push(...absent.map((peer) => ({ suite: name, ...peer })));
    if (!suite.ONE_SHOT) Object.assign(report.versions, await versionsOf(present));
    const settings = { peers: present, rounds: options.rounds, chosen: chooser(options), log };
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
