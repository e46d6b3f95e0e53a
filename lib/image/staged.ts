// Images that a GPU is still to resize: decoded, on the native side.
import type { NativePicture } from '../binding/types';

/** Made by a processor for one call of a model on a GPU, which uses them up. */
export class StagedImages {
  /** One for each image, all of the same size once they are prepared. */
  readonly pictures: NativePicture[];

  constructor(pictures: NativePicture[]) {
    this.pictures = pictures;
  }
}
