// The pixel values of a list of images, written into one array as they come.
import { constants } from 'node:buffer';
import type { NativePixels } from '../binding/types';
import { BitError } from '../errors';
import { Tensor } from '../tensor';

export class PixelBatch {
  private readonly count: number;
  private data: Float32Array | Uint8Array | null = null;
  /** [C, H, W] of the image that came first. */
  private shape: number[] = [];

  constructor(count: number) {
    this.count = count;
  }

  /** Images of another shape than the first to come are left out: the caller refuses such a list. */
  put(index: number, pixels: NativePixels): void {
    const shape = pixels.shape.slice(1);
    const size = shape.reduce((product, side) => product * side, 1);
    const isFirst = this.data === null;
    if (!this.data) {
      this.shape = shape;
      expectRoom(
        [this.count, ...shape],
        pixels.dtype === 'uint8' ? 1 : Float32Array.BYTES_PER_ELEMENT,
      );
      this.data = emptyArray(pixels, this.count * size);
    }
    if (String(shape) !== String(this.shape)) return;
    pixels.writeTo(this.data.subarray(index * size, (index + 1) * size), isFirst);
  }

  /** [N, C, H, W], once all are there. */
  tensor(): Tensor {
    return Tensor.from(this.data as Float32Array | Uint8Array, [this.count, ...this.shape]);
  }
}

/** All pixel values at once. */
export function toPixelTensor(pixels: NativePixels): Tensor {
  const size = pixels.shape.reduce((product, side) => product * side, 1);
  const data = emptyArray(pixels, size);
  pixels.writeTo(data, true);
  return Tensor.from(data, pixels.shape);
}

/**
 * Refuses what no array of JavaScript holds.
 * @param shape [N, C, H, W].
 * @throws BitError ERR_BIT_OUT_OF_MEMORY.
 */
export function expectRoom(shape: readonly number[], itemBytes: number): void {
  const bytes = shape.reduce((product, side) => product * side, itemBytes);
  if (bytes <= constants.MAX_LENGTH) return;
  const gib = (count: number) => `${(count / 2 ** 30).toFixed(1)} GiB`;
  throw new BitError(
    'ERR_BIT_OUT_OF_MEMORY',
    `Pixel values of ${shape.join(' x ')} take ${gib(bytes)}, and an array of JavaScript at most ` +
      `${gib(constants.MAX_LENGTH)}: give fewer images at once, or make them smaller`,
  );
}

/** Of such pixels, with no zeros written: all of it is about to be filled. */
function emptyArray({ dtype }: NativePixels, size: number): Float32Array | Uint8Array {
  const Type = dtype === 'uint8' ? Uint8Array : Float32Array;
  expectRoom([size], Type.BYTES_PER_ELEMENT);
  return new Type(Buffer.allocUnsafeSlow(size * Type.BYTES_PER_ELEMENT).buffer);
}
