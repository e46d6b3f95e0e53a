const js = require('@eslint/js');
const ts = require('typescript-eslint');

module.exports = ts.config(
  { ignores: ['dist/', 'build/', 'prebuilds/', 'node_modules/', '.gpu/'] },
  js.configs.recommended,
  ...ts.configs.recommended,
  {
    files: ['**/*.js'],
    languageOptions: { sourceType: 'commonjs', globals: { ...nodeGlobals() } },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  {
    files: ['lib/**/*.ts'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
    },
  },
);

/** The names that CommonJS scripts may use without importing them. */
function nodeGlobals() {
  const names = ['require', 'module', 'exports', '__dirname', '__filename', 'process', 'console'];
  const more = ['Buffer', 'URL', 'setTimeout', 'clearTimeout', 'setImmediate', 'fetch', 'performance'];
  return Object.fromEntries([...names, ...more].map((name) => [name, 'readonly']));
}
