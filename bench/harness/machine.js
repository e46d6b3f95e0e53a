// What the figures were measured on.
'use strict';

const fs = require('node:fs');
const os = require('node:os');
const { microarchitecture } = require('./microarchitecture');

const FLAGS = ['avx2', 'avx512f', 'avx512_vnni', 'avx512_bf16', 'amx_bf16', 'amx_int8'];

function cpuFlags(cpuinfo) {
  const [, flags = ''] = /^flags\s*:(.*)$/m.exec(cpuinfo) ?? [];
  const has = new Set(flags.split(/\s+/));
  return FLAGS.filter((flag) => has.has(flag));
}

function machine() {
  const file = '/proc/cpuinfo';
  const cpuinfo = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
  return {
    cpu: os.cpus()[0]?.model ?? 'unknown',
    microarchitecture: microarchitecture(cpuinfo),
    cores: os.availableParallelism(),
    flags: cpuFlags(cpuinfo),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.version,
  };
}

module.exports = { machine };
