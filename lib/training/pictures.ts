// The pictures of a data set, decoded and resized once and kept while there is room: a run sees each of them many times.
import { loadBinding } from '../binding/load';
import { ImageProcessorData, type BitImageProcessorFields } from '../config/image_processor';
import { BitError } from '../errors';
import { preprocessImages } from '../image/processor';
import type { SquarePicture } from './augment';
import type { Example } from './data/dataset';

/** Pillow's number for it. */
const BILINEAR = 2;

export interface PictureOptions {
  /** Pixels of each side after resizing. */
  resize: number;
  /** Bytes of pictures that are kept. */
  room: number;
  timeoutMs?: number;
  signal?: AbortSignal;
}

export class Pictures {
  private readonly kept = new Map<Example, Promise<SquarePicture>>();
  private readonly settings: BitImageProcessorFields;
  private left: number;

  constructor(private readonly options: PictureOptions) {
    const { resize, room } = options;
    this.settings = squared(resize);
    this.left = room;
  }

  /** @throws BitError ERR_BIT_IMAGE that names the picture; the signal's reason. */
  get(example: Example): Promise<SquarePicture> {
    const before = this.kept.get(example);
    if (before) return before;
    const picture = this.read(example);
    const bytes = 3 * this.options.resize ** 2;
    if (bytes > this.left) return picture;
    this.left -= bytes;
    this.kept.set(example, picture);
    picture.catch(() => {
      // What cannot be read takes no room, and may be there later.
      this.kept.delete(example);
      this.left += bytes;
    });
    return picture;
  }

  private async read({ path, image }: Example): Promise<SquarePicture> {
    const { signal, timeoutMs, resize } = this.options;
    try {
      const given = { signal, timeoutMs };
      const { data } = await preprocessImages(image, this.settings, loadBinding(), given);
      return { data: data as Uint8Array, side: resize };
    } catch (error) {
      signal?.throwIfAborted();
      if (!isUnreadable(error)) throw error;
      const message = error.message.includes(path) ? error.message : `${path}: ${error.message}`;
      throw new BitError('ERR_BIT_IMAGE', message, { cause: error });
    }
  }
}

/** Whether an error is about a picture that cannot be read; others may well be. */
export const isUnreadable = (error: unknown): error is BitError =>
  error instanceof BitError && error.code === 'ERR_BIT_IMAGE';

/** Google's transform: the sides are changed apart, so that nothing is lost at the edges. */
function squared(side: number): BitImageProcessorFields {
  return new ImageProcessorData({
    size: { height: side, width: side },
    resample: BILINEAR,
    doCenterCrop: false,
    doRescale: false,
    doNormalize: false,
  });
}
