// Pixel values of stand-ins for the addon's.
import { constants } from 'node:buffer';
import type { NativePixels } from '../../lib/binding/types';
import { expectRoom, PixelBatch, toPixelTensor } from '../../lib/image/pixel_batch';

/** Values that count on from `first`. */
function pixels(shape: number[], first: number, dtype: NativePixels['dtype'] = 'float32') {
  const writeTo = jest.fn<void, Parameters<NativePixels['writeTo']>>((target) => {
    target.forEach((_, i) => (target[i] = first + i));
  });
  return { dtype, shape, writeTo };
}

test('all at once, in an array that nothing was written to', () => {
  const native = pixels([2, 1, 2, 3], 5);
  const tensor = toPixelTensor(native);
  expect([tensor.shape, tensor.dtype]).toEqual([[2, 1, 2, 3], 'float32']);
  expect([...tensor.data].map(Number)).toEqual([5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
  expect(native.writeTo.mock.calls[0]?.[1]).toBe(true);
});

test('one by one, each in its place, whichever comes first', () => {
  const batch = new PixelBatch(2);
  const [first, second] = [pixels([1, 1, 1, 2], 20, 'uint8'), pixels([1, 1, 1, 2], 10, 'uint8')];
  batch.put(1, first);
  batch.put(0, second);
  // Of another shape: left out.
  batch.put(0, pixels([1, 1, 2, 1], 90, 'uint8'));
  const { shape, dtype, data } = batch.tensor();
  expect([shape, dtype, [...data].map(Number)]).toEqual([[2, 1, 1, 2], 'uint8', [10, 11, 20, 21]]);
  expect([first, second].map(({ writeTo }) => writeTo.mock.calls[0]?.[1])).toEqual([true, false]);
});

describe('an array of JavaScript', () => {
  const MOST = constants.MAX_LENGTH;

  test('has room for as many bytes as it may have', () => {
    expect(() => expectRoom([MOST], 1)).not.toThrow();
    expect(() => expectRoom([2, 1, MOST / 8, 1], 4)).not.toThrow();
  });

  test('has none for one more', () => {
    const gib = (MOST / 2 ** 30).toFixed(1);
    expect(() => expectRoom([MOST + 1], 1)).toThrow(
      expect.objectContaining({
        code: 'ERR_BIT_OUT_OF_MEMORY',
        message:
          `Pixel values of ${MOST + 1} take ${gib} GiB, and an array of JavaScript at most ` +
          `${gib} GiB: give fewer images at once, or make them smaller`,
      }) as Error,
    );
    expect(() => expectRoom([3, 3, MOST, 2], 4)).toThrow(
      `Pixel values of 3 x 3 x ${MOST} x 2 take `,
    );
  });

  test('is asked of every image of a batch, and of all of them, floats or bytes', () => {
    const side = MOST / 4;
    const batch = (count: number, dtype: NativePixels['dtype']) => () =>
      new PixelBatch(count).put(0, pixels([1, 1, 1, side], 0, dtype));
    expect(batch(2, 'float32')).toThrow(`Pixel values of 2 x 1 x 1 x ${side} take `);
    expect(batch(5, 'uint8')).toThrow(`Pixel values of 5 x 1 x 1 x ${side} take `);
    expect(() => toPixelTensor(pixels([1, 1, 2, side], 0))).toThrow(`Pixel values of ${2 * side} `);
  });
});
