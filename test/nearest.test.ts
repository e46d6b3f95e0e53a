import { nearest } from '../lib/nearest';

const NAMES = ['numLabels', 'size', 'depths', 'outputHiddenStates', 'topK', 'maxBatch'];

test.each([
  ['num_labels', 'numLabels'],
  ['sise', 'size'],
  ['depth', 'depths'],
  ['outputHiddenState', 'outputHiddenStates'],
  ['output_hidden_states', 'outputHiddenStates'],
  ['top_k', 'topK'],
  ['maxbatch', 'maxBatch'],
  ['szie', 'size'],
  ['edpxhs', 'depths'],
  ['edpxxs', undefined],
  ['something', undefined],
  ['', undefined],
  ['x'.repeat(1e6), undefined],
])('%s', (given, expected) => {
  expect(nearest(given, NAMES)).toBe(expected);
});

test('of names that are as near the first one', () => {
  expect(nearest('abcdef', ['abcdex', 'abcdey'])).toBe('abcdex');
});
