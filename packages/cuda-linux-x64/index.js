// What lies here, written out: tools that trace which files a program needs follow no others.
'use strict';

const path = require('node:path');

exports.directory = __dirname;
exports.libraries = ['bigtransfer-cuda-torch2.14.so', 'bigtransfer-nccl.so'].map((name) =>
  path.join(__dirname, name),
);
