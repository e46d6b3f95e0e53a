jest.mock('../../lib/index', () => jest.requireActual('../../lib/errors'));
import { bytes } from '../../lib/cli/progress';
import { table } from '../../lib/cli/report';

test('columns are as wide as their widest cell, without spaces at the end', () => {
  const rows = [
    ['name', 'count', 'note'],
    ['a', '1,000', ''],
    ['longer', '7', 'x'],
  ];
  expect(table(rows, [1])).toBe('name    count  note\na       1,000\nlonger      7  x');
});

test('the first column too is padded by what stands in it alone', () => {
  expect(
    table([
      ['a', 'x'],
      ['bbb', 'y'],
    ]),
  ).toBe('a    x\nbbb  y');
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1400, '1.4 KB'],
  [191794682, '192 MB'],
  [4.2e12, '4200 GB'],
])('%d bytes read as %s', (count, text) => {
  expect(bytes(count)).toBe(text);
});
