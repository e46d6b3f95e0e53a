// A registry of npm packages on this machine, with the packed ones in it; all others it has from the registry that npm is
// set to use. Its address is in BIGTRANSFER_REGISTRY.
const { execFileSync, spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const root = path.join(__dirname, '..', '..');
const tools = path.join(root, 'build-package-tests', 'node_modules');
const artifacts = path.join(root, 'artifacts');
const START_MS = 60_000;

/** YAML reads JSON. */
function configuration(folder, uplink) {
  const ours = { access: '$all', publish: '$all' };
  return JSON.stringify({
    storage: path.join(folder, 'storage'),
    uplinks: { npm: { url: uplink, timeout: '60s', max_fails: 20 } },
    packages: {
      bigtransfer: ours,
      '@bigtransfer/*': ours,
      '**': { access: '$all', proxy: 'npm' },
    },
    max_body_size: '400mb',
    log: { type: 'stdout', format: 'json', level: 'error' },
  });
}

async function isUp(url) {
  const end = Date.now() + START_MS;
  for (;;) {
    try {
      if ((await fetch(`${url}/-/ping`)).ok) return;
    } catch (error) {
      if (Date.now() > end) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function publish(url, tarball) {
  const at = url.replace(/^http:/, '');
  const args = [
    'publish',
    tarball,
    '--registry',
    url,
    `--${at}/:_authToken=none`,
    '--ignore-scripts',
  ];
  execFileSync('npm', args, { stdio: 'pipe', maxBuffer: 1 << 26 });
}

module.exports = async function start() {
  const tarballs = fs.existsSync(artifacts)
    ? fs.readdirSync(artifacts).filter((name) => name.endsWith('.tgz'))
    : [];
  if (tarballs.length < 3) throw new Error('artifacts/ is incomplete: run `npm run package` first');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bigtransfer-registry-'));
  const uplink = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim();
  fs.writeFileSync(path.join(folder, 'config.yaml'), configuration(folder, uplink));
  const port = 20_000 + (process.pid % 20_000);
  const url = `http://localhost:${port}`;
  const server = spawn(
    // It asks for a newer Node than we do.
    path.join(tools, 'node22/bin/node'),
    [
      path.join(tools, 'verdaccio/bin/verdaccio'),
      '--config',
      'config.yaml',
      '--listen',
      String(port),
    ],
    { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  globalThis.registry = { folder, server };
  await isUp(url);
  for (const name of tarballs) publish(url, path.join(artifacts, name));
  process.env.BIGTRANSFER_REGISTRY = url;
};
