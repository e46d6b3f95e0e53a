// Checks the format of every C++ file, or mends it with --write.
'use strict';

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');
const FOLDERS = ['native', path.join('test', 'native'), path.join('test', 'fuzz')];

const files = FOLDERS.flatMap((folder) =>
  fs
    .readdirSync(path.join(root, folder), { recursive: true })
    .filter((name) => /\.(h|cpp|cu)$/.test(name))
    .map((name) => path.join(folder, name)),
);
const { getNativeBinary } = require('clang-format');
const mode = process.argv.includes('--write') ? ['-i'] : ['--dry-run', '-Werror'];
const { status } = spawnSync(getNativeBinary(), [...mode, ...files], {
  cwd: root,
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
