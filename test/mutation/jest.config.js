const path = require('node:path');
const ours = require('../../jest.config.js');

/** Tests of the compiled package and of other programs: they run none of the mutants. */
const ELSEWHERE = [
  'binding/build_cuda',
  'binding/environments',
  'binding/limits',
  'binding/sharing',
  'docs/',
  'examples/',
  'package_root',
  'readme',
  'reliability/',
  'types',
];
/** Of the native side, and of pixels so many that counting what they reach takes minutes. */
const SLOW = ['image/damaged.test', 'models/batching', 'models/packaged_model'];

module.exports = {
  ...ours,
  rootDir: path.join(__dirname, '..', '..'),
  // Of files outside of these jest does not know which tests import them.
  roots: ['<rootDir>/test', '<rootDir>/lib'],
  runner: path.join(__dirname, 'jest_runner.js'),
  // A fault may make tests wait for ever; each that passes takes a third of this at most.
  testTimeout: 30_000,
  testPathIgnorePatterns: [
    '/node_modules/',
    ...[...ELSEWHERE, ...SLOW].map((name) => `/test/${name}`),
  ],
};
