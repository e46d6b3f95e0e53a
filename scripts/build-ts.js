// Compiles the TypeScript to dist/, and makes its command one: npx links to it as it is.
'use strict';

const { spawnSync } = require('node:child_process');
const { chmodSync } = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');

const { status } = spawnSync(
  process.execPath,
  [require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.build.json'],
  { cwd: root, stdio: 'inherit' },
);
if (status === 0) chmodSync(path.join(root, 'dist', 'cli', 'main.js'), 0o755);
process.exitCode = status ?? 1;
