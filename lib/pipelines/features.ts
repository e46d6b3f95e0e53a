// Features of several images: joined, or one by one.
import { Tensor } from '../tensor';

/** Parts of [n, …], one after the other. */
export function concatenate(parts: Tensor<Float32Array>[]): Tensor<Float32Array> {
  const [first] = parts as [Tensor<Float32Array>, ...Tensor<Float32Array>[]];
  if (parts.length === 1) return first;
  const data = new Float32Array(parts.reduce((total, part) => total + part.data.length, 0));
  let offset = 0;
  for (const part of parts) {
    data.set(part.data, offset);
    offset += part.data.length;
  }
  const count = parts.reduce((total, part) => total + (part.shape[0] as number), 0);
  return Tensor.from(data, [count, ...first.shape.slice(1)]);
}

/** [N, …] as N of [1, …], none of which holds the memory of the others. */
export function rowsOf(features: Tensor<Float32Array>): Tensor<Float32Array>[] {
  const [count = 0, ...rest] = features.shape;
  if (count === 1) return [features];
  const size = features.data.length / count;
  return Array.from({ length: count }, (_, row) =>
    Tensor.from(features.data.slice(row * size, (row + 1) * size), [1, ...rest]),
  );
}
