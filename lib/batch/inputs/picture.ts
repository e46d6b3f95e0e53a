// One picture on its way into a model.
import type { BitError } from '../../errors';
import type { HeldImage, ImageInput } from '../../image/input';

/** A picture that can be read, or why it cannot. */
export interface Picture {
  /** What its row is called. */
  path: string;
  /** What errors call it where that is something else. */
  place?: string;
  image: ImageInput | HeldImage | BitError;
}
