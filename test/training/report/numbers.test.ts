import { counted, digits, percent, whole } from '../../../lib/training/report/numbers';

test.each([
  [0, '0.0 %'],
  [0.12345, '12.3 %'],
  [1, '100.0 %'],
  [null, '–'],
])('%p as a share is %p', (share, expected) => expect(percent(share)).toBe(expected));

test.each([
  [0, '0'],
  [0.5, '0.5'],
  [1.23456, '1.235'],
  [-29.5123, '-29.51'],
  [123456, '123500'],
  [0.001, '0.001'],
  [0.00012345, '1.234e-4'],
  [2e12, '2e+12'],
  [null, '–'],
])('%p in four digits is %p', (value, expected) => expect(digits(value)).toBe(expected));

test('counts', () => {
  expect(whole(1234567)).toBe('1,234,567');
  expect([0, 1, 2000].map((count) => counted(count, 'example'))).toEqual([
    '0 examples',
    '1 example',
    '2,000 examples',
  ]);
});
