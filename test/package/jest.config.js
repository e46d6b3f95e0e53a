// What the packed packages do once installed: `npm run test:package`, which packs them first.
/** @type {import('jest').Config} */
module.exports = {
  ...require('../../jest.config'),
  rootDir: '../..',
  roots: ['<rootDir>/test/package'],
  testMatch: ['**/*.package.ts'],
  globalSetup: '<rootDir>/test/package/registry.js',
  globalTeardown: '<rootDir>/test/package/registry_end.js',
  testTimeout: 300_000,
  maxWorkers: 1,
};
