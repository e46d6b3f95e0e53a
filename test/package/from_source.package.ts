// The published package's sources: what its users build where the binaries do not run. Takes a compiler, CMake and a
// libtorch with headers; ten minutes on two cores.
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LABEL, Room, asCommonJs, readmeLines } from './room';

const { findLibtorch } =
  jest.requireActual<typeof import('../../lib/libtorch')>('../../dist/libtorch');
const room = new Room();
const installed = join(room.folder, 'node_modules', 'bigtransfer');

/** A developer's machine: all that this one has on its path. */
const TOOLS = {
  PATH: `${room.bin}:${process.env['PATH']}`,
  BIGTRANSFER_LIBTORCH: findLibtorch({ needHeaders: true }).found?.dir,
  // Node's own headers where this machine has them; node-gyp would fetch them.
  npm_config_nodedir: process.env['npm_config_nodedir'],
};

beforeAll(async () => {
  await room.install('bigtransfer', 'node-addon-api', 'node-gyp', 'cmake-js');
  room.write('lines.cjs', asCommonJs(readmeLines()));
});

const WAYS: [string, string[]][] = [
  [
    'node-gyp',
    ['node_modules/node-gyp/bin/node-gyp.js', 'rebuild', '--directory', join(installed, 'native')],
  ],
  ['cmake-js', [join(installed, 'scripts', 'build-native.js')]],
];

test.each(WAYS)(
  'through %s',
  async (_, args) => {
    for (const folder of ['build', 'build-cmake'])
      rmSync(join(installed, folder), { recursive: true, force: true });
    await room.must(join(room.bin, 'node'), args, TOOLS);
    expect(existsSync(join(installed, 'build', 'Release', 'bigtransfer.node'))).toBe(true);
    expect(await room.must(join(room.bin, 'node'), ['lines.cjs'], TOOLS)).toMatch(LABEL);
  },
  900_000,
);
