// How Stryker breaks lib/ and runs the tests on it; scripts/mutate-lib.js says what is broken.
'use strict';

module.exports = {
  mutate: ['lib/**/*.ts'],
  // Most strings are words in messages, of which tests hold the telling parts alone, on purpose.
  mutator: { excludedMutations: ['StringLiteral'] },
  testRunner: 'jest',
  jest: { configFile: 'test/mutation/jest.config.js' },
  coverageAnalysis: 'perTest',
  // A copy of the package is broken, not the package. The addon goes along, what it was built in does not.
  tempDirName: 'build-mutation',
  ignorePatterns: ['build-*', 'artifacts', 'prebuilds', '.gpu', 'coverage', 'bench'],
  // Beyond one and a half times what the tests took before.
  timeoutMS: 10_000,
  // What a run of jest leaves behind in its process adds up.
  maxTestRunnerReuse: 100,
  dryRunTimeoutMinutes: 15,
  logLevel: 'warn',
  // That tables which are made at load take all tests is known.
  warnings: { slow: false },
  reporters: [process.stdout.isTTY ? 'progress' : 'progress-append-only'],
};
