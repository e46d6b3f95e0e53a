const js = require('@eslint/js');
const globals = require('globals');
const ts = require('typescript-eslint');

module.exports = ts.config(
  {
    ignores: ['dist/', 'build/', 'build-*/', 'prebuilds/', 'artifacts/', 'node_modules/', '.gpu/'],
  },
  js.configs.recommended,
  ...ts.configs.recommended,
  {
    files: ['**/*.js'],
    languageOptions: { sourceType: 'commonjs', globals: globals.node },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  { files: ['**/*.mjs'], languageOptions: { globals: globals.nodeBuiltin } },
  {
    files: ['lib/**/*.ts'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
    },
  },
);
