import type { Label, LabelOptions } from '../../../lib/training/data/labelled';
import { meantByCells, withLists } from '../../../lib/training/data/text_labels';

const pictures = (labels: readonly Label[]) =>
  labels.map((label, at) => ({ path: `${at}`, image: `${at}`, label, where: `row ${at}` }));
const meant = (labels: readonly string[], options: Partial<LabelOptions> = {}) =>
  meantByCells(pictures(labels), { labels: null, problemType: null, ...options }).map(
    (each) => each.label,
  );

describe('cells of CSV', () => {
  test.each<[string, string[], Label[]]>([
    ['whole numbers', ['0', '12', '+3', ' 4 ', '007', '-1'], [0, 12, 3, 4, 7, -1]],
    ['those of a column with gaps', ['0.0', '1.0', '2.'], [0, 1, 2]],
    [
      'names',
      ['a', '1.5', '1e3', '0x10', 'NaN', 'Infinity', '１'],
      ['a', '1.5', '1e3', '0x10', 'NaN', 'Infinity', '１'],
    ],
    ['numbers beyond all bounds', ['9'.repeat(400)], [Infinity]],
    ['lists of names', ['a|b', 'c', '|', 'd||e '], [['a', 'b'], ['c'], [], ['d', 'e']]],
    ['lists of numbers', ['0|2', '1'], [[0, 2], [1]]],
    ['lists in JSON', ['["a","b | c"]', '[]', 'd', '[1]'], [['a', 'b | c'], [], ['d'], [1]]],
    ['what only looks like JSON', ['[a]', '[[1]]', '[null]', '['], ['[a]', '[[1]]', '[null]', '[']],
  ])('%s', (_, cells, labels) => {
    expect(meant(cells)).toEqual(labels);
  });

  test('whole numbers are names where all of them are known as names', () => {
    expect(meant(['1', '2'], { labels: ['2', '1', '3'] })).toEqual(['1', '2']);
    expect(meant(['1', '0'], { labels: ['2', '1', '3'] })).toEqual([1, 0]);
    expect(meant(['1|2', '2'], { labels: ['2', '1'] })).toEqual([['1', '2'], ['2']]);
    expect(meant(['1', '2'], { labels: ['a', 'b', 'c'] })).toEqual([1, 2]);
  });

  test('bars and brackets are letters where there is one label each', () => {
    const problemType = 'single_label_classification';
    expect(meant(['a|b', '["a"]'], { problemType })).toEqual(['a|b', '["a"]']);
    expect(meant(['3'], { problemType })).toEqual([3]);
  });

  test('values of a regression', () => {
    const problemType = 'regression';
    expect(meant(['0.5', '-1e-3', '.25', '7', '+1.'], { problemType })).toEqual([
      0.5, -1e-3, 0.25, 7, 1,
    ]);
    expect(meant(['0.5|2', '[1, 2.5]'], { problemType })).toEqual([
      [0.5, 2],
      [1, 2.5],
    ]);
    expect(meant(['0.5|2', '3|4'], { problemType })).toEqual([
      [0.5, 2],
      [3, 4],
    ]);
    expect(meant(['nan', 'inf', '1,5'], { problemType, labels: ['x'] })).toEqual([
      'nan',
      'inf',
      '1,5',
    ]);
    expect(meant(['1'], { problemType, labels: ['1'] })).toEqual([1]);
  });
});

test('texts are lists where one of them is', () => {
  const labels = (given: Label[], problemType: LabelOptions['problemType'] = null) =>
    withLists(pictures(given), { problemType }).map(({ label }) => label);
  expect(labels(['a', 'b'])).toEqual(['a', 'b']);
  expect(labels(['a', 'b|c', 3, ['d|e']])).toEqual([['a'], ['b', 'c'], 3, ['d|e']]);
  expect(labels(['a', 'b|c'], 'multi_label_classification')).toEqual([['a'], ['b', 'c']]);
  expect(labels(['a', 'b|c'], 'single_label_classification')).toEqual(['a', 'b|c']);
});
