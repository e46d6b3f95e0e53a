// Images that a GPU is still to resize: decoded, on the native side.
import type { StagedPicture } from '../binding/types';

/** Made by a processor for one call of a model on a GPU, which uses them up. */
export class StagedImages {
  /** One for each image, all of the same size once they are prepared. */
  readonly pictures: StagedPicture[];

  constructor(pictures: StagedPicture[]) {
    this.pictures = pictures;
  }
}
