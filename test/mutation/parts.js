// Parts of the sources that are broken together: whole files, functions drawn at random, changed lines.
'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { globSync } = require('fast-glob');
const ts = require('typescript');
const { randomOf } = require('./random');

const root = path.join(__dirname, '..', '..');

/** Functions, members of classes, tables: what stands at the top of a file that runs. */
function statementsOf(file) {
  const source = ts.createSourceFile(
    file,
    fs.readFileSync(path.join(root, file), 'utf8'),
    ts.ScriptTarget.Latest,
  );
  const runs = (node) =>
    !ts.isImportDeclaration(node) &&
    !ts.isExportDeclaration(node) &&
    !ts.isInterfaceDeclaration(node) &&
    !ts.isTypeAliasDeclaration(node);
  const nodes = source.statements
    .filter(runs)
    .flatMap((node) => (ts.isClassDeclaration(node) ? [...node.members] : [node]));
  return nodes.map((node) => {
    const line = (at) => source.getLineAndCharacterOfPosition(at).line + 1;
    return { file, first: line(node.getStart(source)), last: line(node.end) };
  });
}

const linesOf = ({ first, last }) => last - first + 1;
const rangeOf = ({ file, first, last }) => `${file}:${first}-${last}`;

/** What only the compiled package in processes of its own reaches: tests see no fault there. */
const ELSEWHERE = ['lib/binding/load.ts', 'lib/models/share.ts', 'lib/package_root.ts'];

/** Statements of all of lib/ in an order that the seed gives, until they are `share` of its lines. */
function sample(share, seed) {
  const random = randomOf(seed);
  const files = globSync('lib/**/*.ts', { cwd: root, ignore: ELSEWHERE }).sort();
  const all = files.flatMap(statementsOf);
  const drawn = all
    .map((part) => ({ part, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ part }) => part);
  let left = share * all.reduce((sum, part) => sum + linesOf(part), 0);
  return drawn.filter((part) => left > 0 && ((left -= linesOf(part)), true)).map(rangeOf);
}

/** Lines of lib/ that are not as they were in `revision`; files that are new, whole. */
function changedSince(revision) {
  const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\n');
  const ranges = git('ls-files', '--others', '--exclude-standard', '--', 'lib/*.ts').filter(
    Boolean,
  );
  let file = '';
  for (const line of git('diff', '--unified=0', '--no-prefix', revision, '--', 'lib/*.ts')) {
    if (line.startsWith('+++ ')) file = line.slice(4);
    const hunk = /^@@ -\S+ \+(\d+)(?:,(\d+))? @@/.exec(line);
    const [first, count] = [Number(hunk?.[1]), Number(hunk?.[2] ?? 1)];
    if (hunk && count > 0) ranges.push(rangeOf({ file, first, last: first + count - 1 }));
  }
  return ranges;
}

module.exports = { sample, changedSince };
