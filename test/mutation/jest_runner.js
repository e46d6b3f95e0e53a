// Runs for each fault the files alone that have tests which reach it: those of the same thing first,
// then the quickest, up to the first that fails. Stryker gives jest the names of these tests; jest would
// load every file to look for them, and run them all.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { default: TestRunner } = require('jest-runner');
const { moveHome } = require('./home');

/** What the first run, without a fault, saw: the tests and the time of each file. */
const SEEN = path.resolve('build-mutation-tests.json');

/** test/config/labels.test.ts is closest to lib/config/labels.ts, then all of test/config. */
function closeness(test, broken) {
  const mirrored = path.relative('lib', broken).replace(/\.ts$/, '.test.ts');
  const found = path.relative('test', test);
  if (found === mirrored) return 2;
  return path.dirname(found) === path.dirname(mirrored) ? 1 : 0;
}

class ReachingTestRunner extends TestRunner {
  async runTests(tests, watcher, options) {
    moveHome();
    const isFirst = process.env.__STRYKER_ACTIVE_MUTANT__ === undefined;
    const all = () => super.runTests(tests, watcher, options);
    if (isFirst) return this.record(all);
    let fails = false;
    this.on('test-file-success', ([, { numFailingTests }]) => (fails ||= numFailingTests > 0));
    this.on('test-file-failure', () => (fails = true));
    for (const test of this.reaching(tests))
      if (!fails) await super.runTests([test], watcher, options);
  }

  async record(run) {
    const seen = {};
    this.on('test-file-success', ([test, { testResults, perfStats }]) => {
      const names = testResults.map(({ fullName }) => fullName);
      seen[test.path] = { names, milliseconds: perfStats.runtime };
    });
    await run();
    fs.writeFileSync(SEEN, JSON.stringify(seen));
  }

  reaching(tests) {
    const seen = JSON.parse(fs.readFileSync(SEEN, 'utf8'));
    const { testNamePattern } = this._globalConfig;
    const pattern = testNamePattern ? new RegExp(testNamePattern) : /^/;
    const [broken] = this._globalConfig.nonFlagArgs;
    const rank = ({ path }) => [-closeness(path, broken), seen[path].milliseconds];
    return tests
      .filter(({ path }) => seen[path]?.names.some((name) => pattern.test(name)))
      .map((test) => ({ test, rank: rank(test) }))
      .sort((a, b) => a.rank[0] - b.rank[0] || a.rank[1] - b.rank[1])
      .map(({ test }) => test);
  }
}

module.exports = ReachingTestRunner;
