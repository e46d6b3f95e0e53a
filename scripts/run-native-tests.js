// Runs the native test program that build-native.js --tests made.
'use strict';

const { spawnSync } = require('node:child_process');
const path = require('node:path');

const folder = process.env.BIGTRANSFER_BUILD_DIR ?? 'build-cmake';
const program = path.resolve(__dirname, '..', folder, 'bigtransfer_tests');
const { status, signal, error } = spawnSync(program, process.argv.slice(2), { stdio: 'inherit' });
if (error) console.error(`Cannot run ${program}: ${error.message}. Run: npm run test:native`);
if (signal) console.error(`${program} was ended by ${signal} in the test after the last one named`);
process.exitCode = status ?? 1;
