// What a model's forward() takes.
import type { Tensor, TensorLike } from '../tensor';

/**
 * Images as pixel values: floating [N, numChannels, H, W].
 * @category Models
 */
export type Inputs =
  | Tensor
  | TensorLike
  | {
      /** Floating [N, numChannels, H, W]. */
      pixelValues: Tensor | TensorLike;
    };
