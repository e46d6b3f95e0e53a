// Bun and Deno, from the folder that npm filled and from one that they filled themselves.
import { join } from 'node:path';
import { LABEL, REGISTRY, Room, TOOLS, asCommonJs, readmeLines } from './room';

const BUN = join(TOOLS, '@oven', 'bun-linux-x64', 'bin', 'bun');
const DENO = join(TOOLS, '@deno', 'linux-x64-glibc', 'deno');

function withLines(): Room {
  const room = new Room();
  room.write('lines.mjs', readmeLines());
  room.write('lines.cjs', asCommonJs(readmeLines()));
  room.write('lines.ts', readmeLines());
  room.write('.npmrc', `registry=${REGISTRY}\n`);
  return room;
}

const FILES = ['lines.mjs', 'lines.cjs', 'lines.ts'];

test('Bun', async () => {
  const room = withLines();
  await room.must(BUN, ['add', 'bigtransfer', '--registry', REGISTRY, '--ignore-scripts']);
  for (const file of FILES) expect(await room.must(BUN, [file])).toMatch(LABEL);
});

test('Deno', async () => {
  const room = withLines();
  await room.install('bigtransfer');
  room.write('deno.json', '{ "nodeModulesDir": "manual" }');
  const env = { NPM_CONFIG_REGISTRY: REGISTRY, DENO_NO_UPDATE_CHECK: '1' };
  for (const file of FILES)
    expect(await room.must(DENO, ['run', '--allow-all', file], env)).toMatch(LABEL);
});

test('Deno, which fetches the package itself', async () => {
  const room = withLines();
  const env = { NPM_CONFIG_REGISTRY: REGISTRY, DENO_NO_UPDATE_CHECK: '1' };
  const lines = readmeLines().replace("'bigtransfer'", "'npm:bigtransfer'");
  room.write('deno.json', '{ "nodeModulesDir": "auto" }');
  room.write('fetched.ts', lines);
  expect(
    await room.must(DENO, ['run', '--allow-all', '--minimum-dependency-age=0', 'fetched.ts'], env),
  ).toMatch(LABEL);
});
