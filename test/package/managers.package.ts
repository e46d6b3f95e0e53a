// The other package managers, each in the ways in which it lays out packages.
import { join } from 'node:path';
import { LABEL, REGISTRY, Room, TOOLS, asCommonJs, node, readmeLines } from './room';

const PNPM = join(TOOLS, 'pnpm', 'bin', 'pnpm.mjs');
const YARN = join(TOOLS, '@yarnpkg', 'cli-dist', 'bin', 'yarn.js');

test.each(['isolated', 'hoisted'])('pnpm, %s', async (linker) => {
  const room = new Room({ node: node(22) });
  room.write('pnpm-workspace.yaml', `nodeLinker: ${linker}\nstoreDir: ../store\n`);
  room.write('.npmrc', `registry=${REGISTRY}\n`);
  await room.node(PNPM, 'add', 'bigtransfer');
  room.write('lines.mjs', readmeLines());
  expect(await room.node('lines.mjs')).toMatch(LABEL);
  expect(await room.bigtransfer('classify', 'boat.jpg')).toContain('boat');
});

test.each(['node-modules', 'pnp'])('yarn, %s', async (linker) => {
  const room = new Room();
  room.write(
    '.yarnrc.yml',
    [
      `nodeLinker: ${linker}`,
      `npmRegistryServer: '${REGISTRY}'`,
      'unsafeHttpWhitelist: [localhost]',
      'enableTelemetry: false',
      'enableGlobalCache: false',
      'enableScripts: false',
      'npmMinimalAgeGate: 0',
    ].join('\n'),
  );
  room.write('yarn.lock', '');
  await room.node(YARN, 'add', 'bigtransfer');
  room.write('lines.cjs', asCommonJs(readmeLines()));
  expect(await room.node(YARN, 'node', 'lines.cjs')).toMatch(LABEL);
  room.write('lines.mjs', readmeLines());
  expect(await room.node(YARN, 'node', 'lines.mjs')).toMatch(LABEL);
  expect(await room.node(YARN, 'run', 'bigtransfer', 'classify', 'boat.jpg')).toContain('boat');
});
