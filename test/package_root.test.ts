// The package's code outside its folder: bundled, packed in an archive, or under Node's permission model.
import { cpSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { libtorch, version } from '../lib';
import { packageBeside, packageRoot, unpacked } from '../lib/package_root';
import { ROOT, runScript } from './support/child';
import { temporaryFolder } from './support/temporary';

const folder = temporaryFolder();

interface Outcome {
  code?: string;
  message?: string;
  label?: string;
}

/** What a classification by the package in `from` comes to. */
const classification = (from: string) => `
  const { pipeline } = require(${JSON.stringify(from)});
  pipeline('image-classification')
    .then((classify) => classify(${JSON.stringify(join(ROOT, 'examples', 'pictures', 'boat.jpg'))}))
    .then(([{ label }]) => print({ label }), ({ code, message }) => print({ code, message }));`;

/** The same of random weights, which needs the addon alone. */
const addonOnly = (from: string) => `
  const { BitConfig, BitModel } = require(${JSON.stringify(from)});
  BitModel.fromConfig(new BitConfig({ depths: [1, 1, 1, 1] }))
    .then(() => print({ label: 'made' }), ({ code, message }) => print({ code, message }));`;

function copyPackage(to: string, names: string[]): string {
  mkdirSync(to, { recursive: true });
  for (const name of names) cpSync(join(ROOT, name), join(to, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(to, 'node_modules'));
  return to;
}

test('here it is found', () => {
  expect(packageRoot('ERR_BIT_LIBTORCH')).toBe(ROOT);
});

test('of archives, what lies beside them', () => {
  expect(unpacked('/app.asar/node_modules/x.node')).toBe('/app.asar.unpacked/node_modules/x.node');
  expect(unpacked('/app.asar.unpacked/x.node')).toBe('/app.asar.unpacked/x.node');
  expect(unpacked('/plain/x.node')).toBe('/plain/x.node');
});

describe('packages that go with this one', () => {
  const before = process.env['BIGTRANSFER_PACKAGE'];
  afterEach(() => {
    if (before === undefined) delete process.env['BIGTRANSFER_PACKAGE'];
    else process.env['BIGTRANSFER_PACKAGE'] = before;
  });

  /** Installs this package and another in an app, as seen from the former. */
  function install(app: string, name: string, place: string): string {
    const own = join(app, 'node_modules', 'bigtransfer');
    const other = join(app, place, name);
    for (const [path, manifest] of [
      [own, { name: 'bigtransfer', version }],
      [other, { name, exports: { './package.json': './package.json' } }],
    ] as const) {
      mkdirSync(path, { recursive: true });
      writeFileSync(join(path, 'package.json'), JSON.stringify(manifest));
    }
    process.env['BIGTRANSFER_PACKAGE'] = own;
    return other;
  }

  test.each(['node_modules', 'node_modules/bigtransfer/node_modules'])('in %s', (place) => {
    const app = join(folder, `an app with ${place.length}`);
    const other = install(app, '@bigtransfer/some-linux-x64', place);
    expect(packageBeside('@bigtransfer/some-linux-x64')).toBe(other);
    expect(packageBeside('@bigtransfer/other-linux-x64')).toBeNull();
  });

  test('in an archive they are used from beside it', () => {
    const other = install(join(folder, 'packed', 'app.asar'), '@bigtransfer/some', 'node_modules');
    expect(packageBeside('@bigtransfer/some')).toBe(unpacked(other));
    expect(unpacked(other)).toContain('app.asar.unpacked');
  });

  test('there are none where this one is not found', () => {
    install(join(folder, 'lost'), '@bigtransfer/some', 'node_modules');
    expect(packageBeside('@bigtransfer/some')).not.toBeNull();
    process.env['BIGTRANSFER_PACKAGE'] = '/no/such/folder';
    expect(packageBeside('@bigtransfer/some')).toBeNull();
  });
});

describe('code that was moved into an app, as bundlers do it', () => {
  const app = join(folder, 'app');
  beforeAll(() => {
    copyPackage(app, ['dist']);
    writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'my-app', version }));
  });

  test.each([
    ['the model', classification, 'ERR_BIT_CHECKPOINT'],
    ['the addon', addonOnly, 'ERR_BIT_LIBTORCH'],
  ])('%s: says what to set', async (_, script, code) => {
    const outcome = await runScript<Outcome>(script(join(app, 'dist')));
    expect(outcome.code).toBe(code);
    for (const words of ['my-app', 'external', '--external:bigtransfer', 'BIGTRANSFER_PACKAGE'])
      expect(outcome.message).toContain(words);
  });

  test('finds the package that it is told of', async () => {
    const env = { BIGTRANSFER_PACKAGE: ROOT };
    expect(await runScript<Outcome>(classification(join(app, 'dist')), { env })).toEqual({
      label: 'boat',
    });
  });

  test.each([
    ['node_modules/bigtransfer', 'relative'],
    ['/no/such/folder', 'has no package.json'],
    [join(ROOT, 'node_modules', 'sharp'), 'holds the package sharp'],
  ])('refuses %s', async (folderSet, words) => {
    const env = { BIGTRANSFER_PACKAGE: folderSet };
    const { code, message } = await runScript<Outcome>(addonOnly(join(app, 'dist')), { env });
    expect(code).toBe('ERR_BIT_LIBTORCH');
    expect(message).toContain(words);
  });

  test('refuses another version', async () => {
    const other = copyPackage(join(folder, 'other'), []);
    const manifest = { name: 'bigtransfer', version: '0.0.1' };
    writeFileSync(join(other, 'package.json'), JSON.stringify(manifest));
    const env = { BIGTRANSFER_PACKAGE: other };
    const { message } = await runScript<Outcome>(addonOnly(join(app, 'dist')), { env });
    expect(message).toContain('holds version 0.0.1');
  });
});

describe('in an asar archive (a folder here, as Electron shows it)', () => {
  const inside = join(folder, 'app.asar', 'node_modules', 'bigtransfer');
  const beside = unpacked(inside);
  beforeAll(() => copyPackage(inside, ['package.json', 'dist', 'models', 'build']));

  test('says that libraries and models must be unpacked', async () => {
    const model = await runScript<Outcome>(classification(inside));
    expect(model).toMatchObject({ code: 'ERR_BIT_CHECKPOINT' });
    const addon = await runScript<Outcome>(addonOnly(inside));
    expect(addon).toMatchObject({ code: 'ERR_BIT_LIBTORCH' });
    for (const { message } of [model, addon]) {
      expect(message).toContain('asarUnpack');
      expect(message).not.toContain('npm run build:native');
    }
  });

  test('takes what is unpacked beside it', async () => {
    mkdirSync(beside, { recursive: true });
    for (const name of ['models', 'build']) renameSync(join(inside, name), join(beside, name));
    // Electron shows unpacked files in both places.
    for (const name of ['models', 'build']) symlinkSync(join(beside, name), join(inside, name));
    expect(await runScript<Outcome>(classification(inside))).toEqual({ label: 'boat' });
  });
});

describe("under Node's permission model", () => {
  const flag = process.allowedNodeEnvironmentFlags.has('--permission')
    ? '--permission'
    : '--experimental-permission';
  const found = libtorch.findLibtorch().found?.dir as string;
  const run = (flags: string[], script = classification(ROOT)) =>
    runScript<Outcome>(script, {
      flags: [flag, '--no-warnings', ...flags],
      env: { BIGTRANSFER_LIBTORCH: found },
    });
  const reads = [ROOT, found].map((path) => `--allow-fs-read=${path}`);

  test.each([
    ['addons', reads],
    ["libtorch's folder", ['--allow-addons', `--allow-fs-read=${ROOT}`]],
  ])('without %s it names all flags, and works with them', async (_, flags) => {
    const { code, message = '' } = await run(flags);
    expect(code).toBe('ERR_BIT_LIBTORCH');
    const named = message.split('bigtransfer needs ')[1]?.split(' ') ?? [];
    expect(named).toHaveLength(3);
    expect(await run(named)).toEqual({ label: 'boat' });
  });

  test('names the model that it may not read', async () => {
    const script = `bigtransfer.BitModel.fromPretrained('/etc/bit')
      .catch(({ code, message }) => print({ code, message }));`;
    expect(await run(['--allow-addons', ...reads], script)).toEqual({
      code: 'ERR_BIT_CHECKPOINT',
      message: expect.stringContaining('--allow-fs-read=/etc/bit') as string,
    });
  });

  test('systemInfo tells, and does not throw', async () => {
    const info = await run([`--allow-fs-read=${ROOT}`], 'print(bigtransfer.systemInfo());');
    expect((info as { problem?: string }).problem).toContain('--allow-addons');
  });
});
