import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './support/child';
import { temporaryFolder } from './support/temporary';

/** What the examples take from their surroundings. */
const SURROUNDINGS = `
declare const pixelValues: import('bigtransfer').Tensor;
declare const buffer: Buffer;
`;

const project = temporaryFolder();

test("the README's TypeScript compiles, strictly", () => {
  mkdirSync(join(project, 'node_modules'));
  symlinkSync(ROOT, join(project, 'node_modules', 'bigtransfer'));
  symlinkSync(join(ROOT, 'node_modules', '@types'), join(project, 'node_modules', '@types'));
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const blocks = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code as string);
  expect(blocks.length).toBeGreaterThan(3);
  writeFileSync(join(project, 'surroundings.d.ts'), SURROUNDINGS);
  blocks.forEach((code, i) => writeFileSync(join(project, `block${i}.mts`), code));
  const compilerOptions = {
    target: 'ES2022',
    module: 'Node16',
    strict: true,
    noEmit: true,
    types: ['node'],
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', project], { encoding: 'utf8' });
  expect(stdout).toBe('');
});

test("the README's figures are those of bench/results", () => {
  const script = join(ROOT, 'bench', 'readme.js');
  const { stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  expect(stderr).toBe('');
});
