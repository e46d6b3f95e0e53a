// The slow comparison of whole networks: `npm run test:family`, which needs Python with transformers.
/** @type {import('jest').Config} */
module.exports = {
  ...require('../../jest.config'),
  rootDir: '../..',
  roots: ['<rootDir>/test/family'],
  testMatch: ['**/*.family.ts'],
  testTimeout: 900_000,
  maxWorkers: 1,
};
