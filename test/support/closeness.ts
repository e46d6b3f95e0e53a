// How far two tensors are apart, in the measure that the parity promise is made in.
import type { Tensor } from '../../lib/tensor';

/** Promised bound of {@link relativeError} against transformers in float32. */
export const FLOAT32_BOUND = 2e-5;

/** Largest absolute difference over the largest magnitude of `expected`; Infinity for other shapes. */
export function relativeError(actual: Tensor, expected: Tensor): number {
  if (actual.shape.join() !== expected.shape.join()) return Infinity;
  const a = actual.data as Float32Array;
  const b = expected.data as Float32Array;
  let difference = 0;
  let magnitude = 0;
  for (let i = 0; i < b.length; i++) {
    const error = Math.abs((a[i] as number) - (b[i] as number));
    // NaN compares false with everything, and must not pass for a small difference.
    if (!(error <= difference)) difference = error;
    magnitude = Math.max(magnitude, Math.abs(b[i] as number));
  }
  return difference === 0 ? 0 : difference / magnitude;
}
