import * as checks from '../../lib/config/checks';

const cases: [string, checks.Check, unknown[], unknown[]][] = [
  [
    'size',
    checks.size,
    [1, 1_000_000],
    [0, -1, 1.5, 1_000_001, NaN, Infinity, '1', true, null, 1n],
  ],
  ['sizes', checks.sizes, [[1], [2, 3]], [[], [0], 1, '1', null, { length: 1 }]],
  ['boolean', checks.boolean, [true, false], [0, 1, 'true', null]],
  ['fraction', checks.fraction, [0, 0.5, 1], [-0.1, 1.1, NaN, '0']],
  ['positive', checks.positive, [1e-9, 5], [0, -1, NaN, Infinity, '1']],
  ['count', checks.count, [1, 2 ** 53 - 1], [0, -1, 1.5, 2 ** 53, NaN, Infinity, '1', null]],
  ['text', checks.text, ['', 'a'], [1, null, ['a'], {}]],
  ['callback', checks.callback, [() => 1, String], ['f', {}, null]],
  ['callPriority', checks.callPriority, [-1000, 0, 1000], [-1001, 1001, 0.5, NaN, '1', null]],
  ['perChannel', checks.perChannel, [0, 0.5, [0, 1]], [[], [NaN], 'x', null]],
  ['perChannelDivisor', checks.perChannelDivisor, [0.5, [1, 2]], [0, [1, 0], [-0]]],
  ['oneOf', checks.oneOf('a', null), ['a', null], ['b', undefined, 'A']],
  ['nullable', checks.nullable(checks.size), [null, 1], [undefined, 0]],
  ['listOf', checks.listOf('sizes', checks.size.test), [[], [1]], [[0], 1, null]],
];

test.each(cases)('%s', (_, check, good, bad) => {
  expect(good.filter((value) => !check.test(value))).toEqual([]);
  expect(bad.filter((value) => check.test(value))).toEqual([]);
});

test('oneOf tells text from other values', () => {
  expect(checks.oneOf('a', null, 3).expected).toBe("one of 'a', null, 3");
});

test('isObject takes objects of any realm and nothing else', () => {
  expect([{}, Object.create(null)].every(checks.isObject)).toBe(true);
  expect([null, [], new Map(), () => 1, 'x', 3].some(checks.isObject)).toBe(false);
});
