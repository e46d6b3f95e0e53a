// From a resized picture to what the network is given: a random crop, perhaps mirrored, and normalised.
import type { BitImageProcessorFields } from '../config/image_processor';
import type { Random } from './random';

/** What is drawn for one picture. */
export interface Augmentation {
  top: number;
  left: number;
  isMirrored: boolean;
}

/** Interleaved by planes: uint8 [3, side, side]. */
export interface SquarePicture {
  data: Uint8Array;
  side: number;
}

/** What makes of a pixel, 0 to 255, what the network is given: `scale · pixel + shift`, for each channel. */
export interface Normalisation {
  scale: number[];
  shift: number[];
}

export function normalisationOf({
  imageMean,
  imageStd,
}: Pick<BitImageProcessorFields, 'imageMean' | 'imageStd'>): Normalisation {
  const of = (value: number | number[], channel: number) =>
    typeof value === 'number' ? value : (value[channel] as number);
  const channels = [0, 1, 2];
  return {
    scale: channels.map((channel) => 1 / (LARGEST * of(imageStd, channel))),
    shift: channels.map((channel) => -of(imageMean, channel) / of(imageStd, channel)),
  };
}

/** Of a pixel. */
const LARGEST = 255;

/** @param flip the probability that the picture is mirrored. */
export function drawAugmentation(
  random: Random,
  { resize, crop, flip }: { resize: number; crop: number; flip: number },
): Augmentation {
  const room = resize - crop + 1;
  return { top: random.below(room), left: random.below(room), isMirrored: random.next() < flip };
}

/** Writes [3, crop, crop] into `target` from `offset` on. */
export function cropInto(
  target: Float32Array,
  offset: number,
  { data, side }: SquarePicture,
  crop: number,
  { top, left, isMirrored }: Augmentation,
  { scale, shift }: Normalisation,
): void {
  let at = offset;
  for (const [channel, factor] of scale.entries()) {
    const summand = shift[channel] as number;
    for (let row = 0; row < crop; row++) {
      const begin = channel * side * side + (top + row) * side + left;
      const step = isMirrored ? -1 : 1;
      let from = isMirrored ? begin + crop - 1 : begin;
      for (let column = 0; column < crop; column++, from += step)
        target[at++] = (data[from] as number) * factor + summand;
    }
  }
}
