import { runScript } from './support/child';

const CLASSES = ['BitConfig', 'BitImageProcessor', 'BitModel', 'BitBackbone', 'Tensor', 'BitError'];

test('import and require give the same objects', async () => {
  const script = `
    import { createRequire } from 'node:module';
    import * as imported from 'bigtransfer';
    const required = createRequire(process.cwd() + '/')('bigtransfer');
    const differing = Object.keys(required).filter((name) => required[name] !== imported[name]);
    console.log(JSON.stringify({ names: Object.keys(required), differing }));`;
  const { names, differing } = await runScript<{ names: string[]; differing: string[] }>(script, {
    esm: true,
  });
  expect(names).toEqual(expect.arrayContaining([...CLASSES, 'pipeline', 'systemInfo', 'version']));
  expect(differing).toEqual([]);
});

test('the package can be required by its folder, and loads no native code before it is asked', async () => {
  const script = `
    const { readFileSync } = require('node:fs');
    const hasTorch = () => readFileSync('/proc/self/maps', 'utf8').includes('libtorch_cpu');
    const before = hasTorch();
    bigtransfer.systemInfo();
    print({ before, after: hasTorch() });`;
  expect(await runScript(script)).toEqual({ before: false, after: true });
});
