// The batch command over the files of a list, by the small model of the package.
'use strict';

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const main = path.join(__dirname, '..', '..', 'dist', 'cli', 'main.js');
const out = fs.mkdtempSync(path.join(os.tmpdir(), 'bigtransfer-bench-'));
const args = [main, 'batch', '--files-from', process.argv[2], '--out', out];
const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
fs.rmSync(out, { recursive: true });
process.exitCode = status;
