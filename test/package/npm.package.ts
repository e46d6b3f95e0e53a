// `npm install bigtransfer` where there is nothing but Node.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { LABEL, Room, asCommonJs, node, readmeLines } from './room';

describe('an empty folder', () => {
  const room = new Room();

  test("installs and ends in labels in under 30 seconds once npm's own cache has the rest", async () => {
    // What npm fetches from elsewhere (sharp and the like) is another server's time.
    await room.install('sharp', '@huggingface/hub');
    const start = Date.now();
    await room.install('bigtransfer');
    room.write('lines.mjs', readmeLines());
    expect(await room.node('lines.mjs')).toMatch(LABEL);
    expect(Date.now() - start).toBeLessThan(30_000);
  });

  test('compiles and downloads nothing', () => {
    const installed = join(room.folder, 'node_modules', 'bigtransfer');
    expect(existsSync(join(installed, 'build'))).toBe(false);
    expect(existsSync(join(room.home, '.cache', 'bigtransfer'))).toBe(false);
    expect(readdirSync(join(room.folder, 'node_modules', '@bigtransfer')).sort()).toEqual([
      'cuda-linux-x64',
      'libtorch-linux-x64',
    ]);
  });

  test('npm ci and npm rebuild run no scripts of it, though they may', async () => {
    const may = { npm_config_ignore_scripts: 'false', PATH: `${room.bin}:${process.env['PATH']}` };
    const npm = join(room.bin, 'npm');
    await room.must(npm, ['ci'], may);
    await room.must(npm, ['rebuild', 'bigtransfer'], may);
    expect(await room.node('lines.mjs')).toMatch(LABEL);
  });

  test('classifies from the command line, and the doctor is content', async () => {
    const rows = JSON.parse(await room.bigtransfer('classify', 'boat.jpg', '--json')) as {
      predictions: { label: string }[];
    }[];
    expect(JSON.stringify(rows)).toContain('"boat"');
    const doctor = await room.bigtransfer('doctor');
    expect(doctor).toContain('All is well.');
    expect(doctor).toContain('decoded by libjpeg-turbo');
  });

  test.each([20, 22, 24, 26])(
    'runs in Node %d, as a CommonJS and as an ES module',
    async (major) => {
      room.write('lines.mjs', readmeLines());
      room.write('lines.cjs', asCommonJs(readmeLines()));
      for (const file of ['lines.mjs', 'lines.cjs'])
        expect(await room.must(node(major), [file])).toMatch(LABEL);
    },
  );

  test("type-checks and runs README's TypeScript", async () => {
    room.write('lines.mts', readmeLines());
    await room.install('typescript', '@types/node');
    const tsc = join('node_modules', 'typescript', 'bin', 'tsc');
    const options = ['--strict', '--module', 'nodenext', '--target', 'es2022', '--outDir', 'out'];
    await room.node(tsc, ...options, 'lines.mts');
    expect(await room.node('out/lines.mjs')).toMatch(LABEL);
    expect(await room.must(node(24), ['lines.mts'])).toMatch(LABEL);
  });
});

test('without optional packages it says which one is missing and how to get it', async () => {
  const room = new Room();
  await room.install('bigtransfer', '--omit=optional');
  // sharp's binaries are optional packages too.
  room.write(
    'lines.cjs',
    `require('bigtransfer').pipeline('image-classification').catch(({ code, message }) => console.log(code, message));`,
  );
  const told = await room.node('lines.cjs');
  expect(told).toContain('ERR_BIT_LIBTORCH');
  expect(told).toMatch(/package: @bigtransfer\/libtorch-linux-x64: it is not installed/);
  expect(told).toMatch(/--omit=optional.*`npm install @bigtransfer\/libtorch-linux-x64@2\.13\.0`/s);
  await room.install('@bigtransfer/libtorch-linux-x64@2.13.0', '--omit=optional');
  expect(await room.node('lines.cjs')).toBe('');
});
