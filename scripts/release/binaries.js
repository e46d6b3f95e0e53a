// What a shared library asks of the system that it is to run on, read by binutils.
'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

/** The newest versions of symbols that may be asked for: those of Debian 11. */
const FLOOR = { GLIBC: '2.31', GLIBCXX: '3.4.28', CXXABI: '1.3.12' };

/** On every system with glibc, and what the loader has opened before. */
const PLAIN =
  /^(lib(c|m|dl|rt|pthread)\.so\.\d|ld-linux-x86-64\.so\.2|libgcc_s\.so\.1|libstdc\+\+\.so\.6)$/;
const LIBTORCH =
  /^lib(c10|torch|torch_cpu|c10_cuda|torch_cuda|gomp|cudart|cublas|cublasLt|cudnn|cusparse)\.so(\.\d+)*$/;

function read(command, args) {
  return execFileSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 30 });
}

function isNewer(version, than) {
  const [a, b] = [version, than].map((text) => text.split('.').map(Number));
  for (let i = 0; i < Math.max(a.length, b.length); i++)
    if ((a[i] ?? 0) !== (b[i] ?? 0)) return (a[i] ?? 0) > (b[i] ?? 0);
  return false;
}

/** The newest version of each kind of symbol that the library asks for: { GLIBC: '2.30', … }. */
function symbolVersions(file) {
  const newest = {};
  for (const [, kind, version] of read('objdump', ['-T', file]).matchAll(
    /\((GLIBC|GLIBCXX|CXXABI)_([\d.]+)\)/g,
  ))
    if (!newest[kind] || isNewer(version, newest[kind])) newest[kind] = version;
  return newest;
}

/** Names of libraries that it asks for, and the paths that it has built in. */
function dynamicSection(file) {
  const text = read('readelf', ['-d', file]);
  const all = (tag) => [...text.matchAll(new RegExp(`\\(${tag}\\).*\\[(.*)\\]`, 'g'))];
  return {
    needed: all('NEEDED').map(([, name]) => name),
    paths: [...all('RPATH'), ...all('RUNPATH')].flatMap(([, list]) => list.split(':')),
  };
}

/** What is wrong with a library that is to be published, in words; `secrets`: texts that it must not contain. */
function problemsOf(file, secrets = []) {
  const name = path.basename(file);
  const problems = [];
  for (const [kind, version] of Object.entries(symbolVersions(file)))
    if (isNewer(version, FLOOR[kind]))
      problems.push(`${name} asks for ${kind}_${version}, newer than ${FLOOR[kind]}`);
  const { needed, paths } = dynamicSection(file);
  for (const library of needed)
    if (!PLAIN.test(library) && !LIBTORCH.test(library))
      problems.push(`${name} asks for ${library}, which a plain system lacks`);
  for (const folder of paths)
    if (!folder.startsWith('$ORIGIN')) problems.push(`${name} looks for libraries in ${folder}`);
  if (/\.(symtab|debug_info)\b/.test(read('readelf', ['-S', '-W', file])))
    problems.push(`${name} is not stripped`);
  const text = read('strings', ['-a', '-n', '6', file]);
  for (const secret of secrets)
    if (text.includes(secret)) problems.push(`${name} contains the path ${secret}`);
  return problems;
}

/** Paths of the binaries below a folder, as they are named for publishing; none where there is no folder. */
function binariesIn(folder) {
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder, { recursive: true })
    .filter((name) => /\.(node|so(\.\d+)?)$/.test(name))
    .map((name) => path.join(folder, name));
}

/** Takes the symbol tables out of a library, which stays executable. */
function strip(file) {
  execFileSync('strip', ['--strip-unneeded', file], { stdio: 'inherit' });
  fs.chmodSync(file, 0o755);
}

module.exports = { binariesIn, dynamicSection, problemsOf, strip, symbolVersions };
