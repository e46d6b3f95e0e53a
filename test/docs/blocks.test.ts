// Every block of code of the README and the guides, run on the compiled package of this clone.
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/child';
import { temporaryFolder } from '../support/temporary';
import { isAsShown } from './blocks';
import { testManual } from './manual';

const base = temporaryFolder();

/** What a project has that installed the package, as links into the clone. */
testManual(async () => {
  const modules = join(base, 'node_modules');
  const bin = join(base, 'bin');
  for (const folder of [modules, bin]) mkdirSync(folder);
  symlinkSync(ROOT, join(modules, 'bigtransfer'));
  for (const name of ['@types', 'sharp'])
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  const run = `exec "${process.execPath}" "${join(ROOT, 'dist', 'cli', 'main.js')}" "$@"`;
  const npx = `[ "$1" = bigtransfer ] || { echo "npx $1 is not to be run here"; exit 99; }; shift`;
  writeFileSync(join(bin, 'bigtransfer'), `#!/bin/sh\n${run}\n`);
  writeFileSync(join(bin, 'npx'), `#!/bin/sh\n${npx}\n${run}\n`);
  for (const name of ['bigtransfer', 'npx']) chmodSync(join(bin, name), 0o755);
  const path = `${bin}:${process.env['PATH']}`;
  return { base, node: process.execPath, env: { ...process.env }, path };
});

test.each([
  ['a\nb\n', 'a\nb\n', true],
  ['a\nb\n', 'a\n', false],
  ['a …\n', 'a 12 b\n', true],
  ['a …\n', 'b 12\n', false],
  ['a\n…\nd\n', 'a\nb\nc\nd\n', true],
  ['a\n…\nd\n', 'a\nd\n', true],
  ['a\n…\nd\n', 'a\nb\n', false],
  ['1.5\n', '1x5\n', false],
])('%j shown, %j printed: %s', (shown, printed, alike) => {
  expect(isAsShown(shown, printed)).toBe(alike);
});
