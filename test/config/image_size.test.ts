import { parseCropSize, parseSize, sizeToJSON } from '../../lib/config/image_size';

describe('parseSize', () => {
  test.each([
    ['an integer', 224, { shortestEdge: 224 }],
    ['a pair of height and width', [70, 91], { height: 70, width: 91 }],
    [
      'keys of a file',
      { shortest_edge: 64, longest_edge: 81 },
      { shortestEdge: 64, longestEdge: 81 },
    ],
    ['names of ours', { maxHeight: 64, maxWidth: 81 }, { maxHeight: 64, maxWidth: 81 }],
    ['the largest side', [1, 100_000], { height: 1, width: 100_000 }],
    ['a name without a value', { shortestEdge: 64, longestEdge: undefined }, { shortestEdge: 64 }],
    ['keys without a value', { shortest_edge: 64, longest_edge: null }, { shortestEdge: 64 }],
  ])('reads %s', (_, value, size) => expect(parseSize(value)).toEqual(size));

  test.each([
    [null],
    [0],
    [1.5],
    [-224],
    [1e6],
    [100_001],
    [{ height: 3, width: 100_001 }],
    [Object.assign(() => 1, { shortestEdge: 3 })],
    [undefined],
    ['224'],
    [{}],
    [{ height: 3 }],
    [{ longest_edge: 3 }],
    [{ height: 3, shortest_edge: 3 }],
    [{ height: '3', width: 3 }],
    [{ constructor: 3 }],
    [[3]],
    [[1, 2, 3]],
  ])('refuses %j', (value) => {
    expect(() => parseSize(value)).toThrow(
      expect.objectContaining({ code: 'ERR_BIT_CONFIG' }) as Error,
    );
  });
});

describe('parseCropSize', () => {
  test('reads an integer as a square', () => {
    expect(parseCropSize(5)).toEqual({ height: 5, width: 5 });
    expect(parseCropSize({ height: 3, width: 4 })).toEqual({ height: 3, width: 4 });
  });

  test.each([
    [{ shortest_edge: 3 }],
    [{ height: 3 }],
    [{ height: 3, width: 0 }],
    [{ height: 0, width: 3 }],
    [0],
    [null],
  ])('refuses %j', (value) => {
    expect(() => parseCropSize(value)).toThrow('cropSize (crop_size in JSON)');
  });
});

test('sizeToJSON writes keys of a file, which parseSize reads', () => {
  const json = sizeToJSON({ maxHeight: 3, maxWidth: 4 });
  expect(json).toEqual({ max_height: 3, max_width: 4 });
  expect(parseSize(json)).toEqual({ maxHeight: 3, maxWidth: 4 });
});
