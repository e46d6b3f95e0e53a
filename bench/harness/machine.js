// What the figures were measured on.
'use strict';

const fs = require('node:fs');
const os = require('node:os');

const FLAGS = ['avx2', 'avx512f', 'avx512_vnni', 'avx512_bf16', 'amx_bf16', 'amx_int8'];

function cpuFlags() {
  if (!fs.existsSync('/proc/cpuinfo')) return [];
  const [, flags = ''] = /^flags\s*:(.*)$/m.exec(fs.readFileSync('/proc/cpuinfo', 'utf8')) ?? [];
  const has = new Set(flags.split(/\s+/));
  return FLAGS.filter((flag) => has.has(flag));
}

function machine() {
  return {
    cpu: os.cpus()[0]?.model ?? 'unknown',
    cores: os.availableParallelism(),
    flags: cpuFlags(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.version,
  };
}

module.exports = { machine };
