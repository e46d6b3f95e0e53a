/** With modules as jest has them: it runs no ES modules, and imports none. */
const typescript = ['ts-jest', { diagnostics: false, tsconfig: '<rootDir>/tsconfig.jest.json' }];

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: {
    '^.+\\.ts$': typescript,
    // These packages are ES modules alone.
    'node_modules/(hyparquet|hyparquet-compressors|hysnappy)/.+\\.js$': typescript,
  },
  transformIgnorePatterns: ['/node_modules/(?!(hyparquet|hyparquet-compressors|hysnappy)/)'],
  testTimeout: 60000,
};
