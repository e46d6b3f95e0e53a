import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { BitConfig, BitModel } from '../../lib';
import { runnerOf } from '../../lib/models/runner';
import { join } from 'node:path';
import { ROOT, runScript } from '../support/child';
import { temporaryFolder } from '../support/temporary';

const folder = temporaryFolder();

/** How a model's load ends under these settings. */
const LOAD = `bigtransfer.pipeline('image-classification').then(
  () => print({ loaded: true }),
  ({ name, code, message }) => print({ name, code, message }));`;

interface Outcome {
  loaded?: boolean;
  code?: string;
  message?: string;
}

/** A directory that claims to be a libtorch of some version. */
function fakeLibtorch(name: string, version: string): string {
  const directory = join(folder, name);
  mkdirSync(join(directory, 'lib'), { recursive: true });
  for (const library of ['libc10.so', 'libtorch_cpu.so', 'libtorch.so'])
    writeFileSync(join(directory, 'lib', library), 'not a library');
  writeFileSync(join(directory, 'build-version'), `${version}\n`);
  return directory;
}

test.each([
  ['a directory that is not there', () => '/no/such/libtorch', /BIGTRANSFER_LIBTORCH.*\/no\/such/s],
  ['another version', () => fakeLibtorch('old', '1.9.0'), /1\.9\.0/],
  ['files that are no libraries', () => fakeLibtorch('false', '2.13.0'), /does not load.*libc10/s],
])('BIGTRANSFER_LIBTORCH: %s', async (_, make, words) => {
  const env = { BIGTRANSFER_LIBTORCH: make() };
  const { code, message } = await runScript<Outcome>(LOAD, { env });
  expect(code).toBe('ERR_BIT_LIBTORCH');
  expect(message).toMatch(words);
});

test('systemInfo tells the same problem and does not throw', async () => {
  const env = { BIGTRANSFER_LIBTORCH: '/no/such/libtorch' };
  const info = await runScript<{ libtorch: null; problem: string }>(
    'print(bigtransfer.systemInfo());',
    { env },
  );
  expect(info.libtorch).toBeNull();
  expect(info.problem).toContain('/no/such/libtorch');
});

describe('a package of one platform', () => {
  const copy = join(folder, 'a package', 'bigtransfer');
  const scriptOf = (directory: string) =>
    LOAD.replace('bigtransfer.', `require(${JSON.stringify(directory)}).`);

  beforeAll(() => {
    mkdirSync(copy, { recursive: true });
    for (const name of ['package.json', 'dist', 'models'])
      cpSync(join(ROOT, name), join(copy, name), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
    const prebuilds = join(copy, 'prebuilds', `${process.platform}-${process.arch}`);
    cpSync(join(ROOT, 'build', 'Release'), prebuilds, { recursive: true });
  });

  test('loads from prebuilds/, in a path with spaces', async () => {
    expect(await runScript<Outcome>(scriptOf(copy))).toEqual({ loaded: true });
  });

  test('says what is missing when it has no addon for this platform', async () => {
    rmSync(join(copy, 'prebuilds'), { recursive: true });
    const { code, message } = await runScript<Outcome>(scriptOf(copy));
    expect(code).toBe('ERR_BIT_LIBTORCH');
    expect(message).toContain(`no native addon for ${process.platform}-${process.arch}`);
  });
});

test('sessions come from load() alone', async () => {
  const model = await BitModel.fromConfig(new BitConfig({ depths: [1], hiddenSizes: [128] }));
  const { session } = runnerOf(model);
  const Session = session.constructor as new (given?: unknown) => unknown;
  for (const given of [undefined, {}, session]) {
    expect(() => new Session(given)).toThrow('Sessions are made by load()');
  }
  await model.dispose();
});
