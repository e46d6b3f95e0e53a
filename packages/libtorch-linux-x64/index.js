// What lies here, each file written out: tools that trace which files a program needs follow no others.
'use strict';

const path = require('node:path');

exports.directory = __dirname;
exports.libraries = [
  path.join(__dirname, 'lib', 'libc10.so'),
  path.join(__dirname, 'lib', 'libgomp.so.1'),
  path.join(__dirname, 'lib', 'libtorch.so'),
  path.join(__dirname, 'lib', 'libtorch_cpu.so'),
];
exports.version = path.join(__dirname, 'build-version');
