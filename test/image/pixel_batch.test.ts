// Pixel values of stand-ins for the addon's.
import type { NativePixels } from '../../lib/binding/types';
import { PixelBatch, toPixelTensor } from '../../lib/image/pixel_batch';

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
