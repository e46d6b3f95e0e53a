// The pixel values of a list of images, written into one array as they come.
import type { NativePixels } from '../binding/types';
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

/** Of such pixels, with no zeros written: all of it is about to be filled. */
function emptyArray({ dtype }: NativePixels, size: number): Float32Array | Uint8Array {
  const Type = dtype === 'uint8' ? Uint8Array : Float32Array;
  return new Type(Buffer.allocUnsafeSlow(size * Type.BYTES_PER_ELEMENT).buffer);
}
