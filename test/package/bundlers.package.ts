// Bundled applications on a server: with the setting that each bundler needs, and what is said without it.
import { join } from 'node:path';
import { LABEL, Room, TOOLS, readmeLines } from './room';

const room = new Room();
const ESM = readmeLines();
/** Top-level await is for ES modules alone. */
const WRAPPED = ESM.replace(/^(import [^\n]*\n)([^]*)$/, '$1(async () => {$2})();\n');

beforeAll(async () => {
  await room.install('bigtransfer');
  room.write('app.mjs', ESM);
  room.write('app.cjs.js', WRAPPED);
});

/** A bundle must not depend on where its sources lie: only on node_modules. */
const runBundle = (name: string) => room.run(join(room.bin, 'node'), [name]);

describe('esbuild', () => {
  const esbuild = (...options: string[]) =>
    room.node(join(TOOLS, 'esbuild', 'bin', 'esbuild'), '--bundle', '--platform=node', ...options);

  test.each([
    ['cjs', 'app.cjs.js', 'esbuild.cjs'],
    ['esm', 'app.mjs', 'esbuild.mjs'],
  ])('%s, with bigtransfer external', async (format, from, to) => {
    await esbuild(`--format=${format}`, '--external:bigtransfer', from, `--outfile=${to}`);
    const { stdout, stderr } = await runBundle(to);
    expect(stderr).toBe('');
    expect(stdout).toMatch(LABEL);
  });

  test('without it, the error names it', async () => {
    await esbuild('--format=cjs', '--external:sharp', 'app.cjs.js', '--outfile=whole.cjs');
    const { code, stderr } = await runBundle('whole.cjs');
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/runs outside its package, as if bundled.*--external:bigtransfer/s);
  });
});

describe('webpack', () => {
  const webpack = async (name: string, externals: string) => {
    room.write(
      `${name}.config.cjs`,
      `module.exports = { mode: 'production', target: 'node', entry: './app.cjs.js', ${externals}
        output: { path: __dirname, filename: '${name}.cjs' } };`,
    );
    room.write(
      `${name}.build.cjs`,
      `require(${JSON.stringify(join(TOOLS, 'webpack'))})(require('./${name}.config.cjs'), (error, stats) => {
        if (error || stats.hasErrors()) { console.error(error ?? stats.toString()); process.exit(1); } });`,
    );
    await room.node(`${name}.build.cjs`);
    return runBundle(`${name}.cjs`);
  };

  test('with bigtransfer external', async () => {
    const { stdout, stderr } = await webpack(
      'outside',
      "externals: { bigtransfer: 'commonjs bigtransfer' },",
    );
    expect(stderr).toBe('');
    expect(stdout).toMatch(LABEL);
  });

  test('without it, the error names it', async () => {
    const { code, stderr } = await webpack('inside', "externals: { sharp: 'commonjs sharp' },");
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/runs outside its package, as if bundled.*externals: \{ bigtransfer/s);
  });
});

describe('Vite', () => {
  const vite = (name: string, ssr: string) => {
    room.write(
      `${name}.build.mjs`,
      `import { build } from ${JSON.stringify(join(TOOLS, 'vite', 'dist', 'node', 'index.js'))};
       await build({ root: ${JSON.stringify(room.folder)}, logLevel: 'error', configFile: false, ${ssr}
         build: { ssr: 'app.mjs', outDir: '${name}', emptyOutDir: false, target: 'node20' } });`,
    );
    return room.node(`${name}.build.mjs`);
  };

  test('on a server, where dependencies are external by themselves', async () => {
    await vite('vite', '');
    const { stdout, stderr } = await runBundle('vite/app.mjs');
    expect(stderr).toBe('');
    expect(stdout).toMatch(LABEL);
  });

  test('bundled all the same, the error names the setting', async () => {
    await vite('vite-all', "ssr: { noExternal: ['bigtransfer'] },");
    const { code, stderr } = await runBundle('vite-all/app.mjs');
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/runs outside its package, as if bundled.*external: \['bigtransfer'\]/s);
  });
});

test('Next.js: a route of a standalone build, with serverExternalPackages', async () => {
  const app = new Room({ name: 'next-app' });
  await app.install('bigtransfer', 'next@16', 'react@19', 'react-dom@19');
  app.write(
    'next.config.mjs',
    `export default { output: 'standalone', serverExternalPackages: ['bigtransfer'],
       outputFileTracingIncludes: { '/label': ['./node_modules/{bigtransfer,@bigtransfer}/**'] } };`,
  );
  app.write(
    'app/layout.js',
    'export default ({ children }) => <html><body>{children}</body></html>;',
  );
  app.write('app/page.js', 'export default () => <p>page</p>;');
  app.write(
    'app/label/route.js',
    `import { pipeline } from 'bigtransfer';
     export const dynamic = 'force-dynamic';
     export async function GET() {
       const classify = await pipeline('image-classification');
       return Response.json(await classify(process.env.PICTURE, { topK: 1 }));
     }`,
  );
  await app.node(join('node_modules', 'next', 'dist', 'bin', 'next'), 'build');
  const standalone = join(app.folder, '.next', 'standalone');
  const script = `process.env.PORT = '0'; process.env.HOSTNAME = '127.0.0.1';
    const http = require('node:http'); const listen = http.Server.prototype.listen;
    http.Server.prototype.listen = function (...args) {
      this.once('listening', async () => {
        const answer = await fetch('http://127.0.0.1:' + this.address().port + '/label');
        console.log('ANSWER', answer.status, await answer.text());
        process.exit(0);
      });
      return listen.apply(this, args);
    };
    require(${JSON.stringify(join(standalone, 'server.js'))});`;
  app.write('serve.cjs', script);
  const env = { PICTURE: join(app.folder, 'boat.jpg'), NEXT_TELEMETRY_DISABLED: '1' };
  const told = await app.must(join(app.bin, 'node'), ['serve.cjs'], env);
  expect(told).toMatch(/ANSWER 200 \[\{"label":"boat"/);
});
