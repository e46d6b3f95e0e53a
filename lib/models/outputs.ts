// What forward() returns, class by class, and the way from the native result to it.
import type { ForwardResult, NativeTensor } from '../binding/types';
import { Tensor } from '../tensor';

/**
 * N images, C channels of the last stage; h and w are the input's size over the output stride.
 * @category Models
 */
export interface BitModelOutput {
  /** [N, C, h, w] after the final norm. */
  lastHiddenState: Tensor<Float32Array>;
  /** The mean over h and w: [N, C, 1, 1]. */
  poolerOutput: Tensor<Float32Array>;
  /** Stem, stage 1, …: [N, C, h, w] each, before the final norm, where they were asked for. */
  hiddenStates?: Tensor<Float32Array>[];
}

/**
 * Of {@link BitForImageClassification.forward}, for N images.
 * @category Models
 */
export interface ImageClassifierOutput {
  /** [N, numLabels], before softmax or sigmoid. */
  logits: Tensor<Float32Array>;
  /** A scalar (shape []), where labels were given. */
  loss?: Tensor<Float32Array>;
  /** Stem, stage 1, …: [N, C, h, w] each, where they were asked for. */
  hiddenStates?: Tensor<Float32Array>[];
}

/**
 * Of {@link BitBackbone.forward}, for N images.
 * @category Models
 */
export interface BackboneOutput {
  /** One map [N, C, h, w] for each of outFeatures, in stage order. */
  featureMaps: Tensor<Float32Array>[];
  /** Stem, stage 1, …: [N, C, h, w] each, where they were asked for. */
  hiddenStates?: Tensor<Float32Array>[];
}

/** Models return float32, whatever they compute in. */
export function toTensorObject({ data, shape }: NativeTensor): Tensor<Float32Array> {
  return Tensor.from(inThisRealm(data as Float32Array), shape);
}

/**
 * The same values as an array of this code's realm, like all others that it makes: the addon's are
 * of Node's own, and in vm contexts (jest's are such) no instances of Float32Array.
 */
function inThisRealm(data: Float32Array): Float32Array {
  if (data instanceof Float32Array) return data;
  const { buffer, byteOffset, length } = data as Float32Array;
  return new Float32Array(buffer, byteOffset, length);
}

export function toTensorObjects(natives: NativeTensor[] = []): Tensor<Float32Array>[] {
  return natives.map(toTensorObject);
}

/** A part that the native side promises whenever it was asked for. */
export function required(
  result: ForwardResult,
  key: 'lastHiddenState' | 'poolerOutput' | 'logits',
): Tensor<Float32Array> {
  const native = result[key];
  if (!native) throw new Error(`The native addon returned no ${key}`);
  return toTensorObject(native);
}

/** `output`, with the hidden states where they were asked for. */
export function withHiddenStates<Output extends { hiddenStates?: Tensor<Float32Array>[] }>(
  output: Output,
  result: ForwardResult,
  wanted: boolean,
): Output {
  if (wanted) output.hiddenStates = toTensorObjects(result.hiddenStates);
  return output;
}
