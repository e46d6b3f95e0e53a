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

/** Promised cosine between logits in bfloat16 or float16 and transformers' in float32, at least. */
export const HALF_BOUND = 0.9995;

/** Cosine of the angle between two float32 tensors seen as vectors. */
export function cosine(actual: Tensor, expected: Tensor): number {
  const dot = (a: Tensor, b: Tensor) =>
    (a.data as Float32Array).reduce((sum, x, i) => sum + x * (b.data[i] as number), 0);
  return dot(actual, expected) / Math.sqrt(dot(actual, actual) * dot(expected, expected));
}
