// Features of several images put together, and taken apart again.
import { concatenate, rowsOf } from '../../lib/pipelines/features';
import { Tensor } from '../../lib/tensor';

const part = (values: number[], shape: number[]) => Tensor.from(Float32Array.from(values), shape);

describe('concatenate', () => {
  test('joins parts of any number of images, in their order', () => {
    const all = concatenate([
      part([1, 2, 3, 4], [2, 2, 1]),
      part([5, 6], [1, 2, 1]),
      part([], [0, 2, 1]),
      part([7, 8], [1, 2, 1]),
    ]);
    expect(all.shape).toEqual([4, 2, 1]);
    expect([...all.data]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('copies nothing of a single part', () => {
    const only = part([1, 2], [1, 2]);
    expect(concatenate([only])).toBe(only);
  });
});

describe('rowsOf', () => {
  test('gives each image a tensor and memory of its own', () => {
    const all = part([1, 2, 3, 4, 5, 6], [3, 2, 1]);
    const rows = rowsOf(all);
    expect(rows.map((row) => row.shape)).toEqual([
      [1, 2, 1],
      [1, 2, 1],
      [1, 2, 1],
    ]);
    expect(rows.map((row) => [...row.data])).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    const buffers = new Set([all, ...rows].map(({ data }) => data.buffer));
    expect(buffers.size).toBe(4);
  });

  test('gives a single image back as it is', () => {
    const one = part([1, 2], [1, 2]);
    expect(rowsOf(one)).toEqual([one]);
    expect(rowsOf(one)[0]).toBe(one);
  });
});
