// Where the network's input lies in the picture as it was given: resize and crop, undone.
import type { BitImageProcessorFields } from '../config/image_processor';
import type { HeightWidth } from '../config/image_size';
import { sizeAfterResize } from '../image/picture';

/**
 * On one axis: `extent` is where the picture's edges are on the input, and the input is 0 to 1. What
 * lies beyond was cut off by the crop; where a picture is smaller than the crop, its edges lie within.
 */
export interface Span {
  start: number;
  end: number;
}

/** Of a picture on the network's input. */
export interface Placement {
  x: Span;
  y: Span;
}

/** A picture that is the input itself. */
export const WHOLE_INPUT: Placement = { x: { start: 0, end: 1 }, y: { start: 0, end: 1 } };

/** @throws BitError ERR_BIT_IMAGE where the picture has no size after resizing. */
export function placementOf(source: HeightWidth, settings: BitImageProcessorFields): Placement {
  const resized = sizeAfterResize(source, settings);
  if (!settings.doCenterCrop) return WHOLE_INPUT;
  const { cropSize } = settings;
  return { x: spanOf(resized.width, cropSize.width), y: spanOf(resized.height, cropSize.height) };
}

/** The crop is taken, and zeros are added, as native/ops/center_crop.cpp does it. */
function spanOf(side: number, crop: number): Span {
  const start = side > crop ? -Math.floor((side - crop) / 2) : Math.floor((crop - side) / 2);
  return { start: start / crop, end: (start + side) / crop };
}
