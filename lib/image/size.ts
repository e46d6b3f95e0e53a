// How large an image is after the resize step, by transformers' arithmetic (image_transforms.py).
import type { HeightWidth, ImageSize } from '../config/image_size';

/**
 * The size that `source` is resized to: products first, one division, the fraction cut off. A side
 * may come out as 0, which no image can have.
 */
export function resizedSize(size: ImageSize, source: HeightWidth): HeightWidth {
  if ('height' in size) return { height: size.height, width: size.width };
  if ('maxHeight' in size) return insideOf(size.maxHeight, size.maxWidth, source);
  if (size.longestEdge === undefined) return shortestEdgeOf(size.shortestEdge, source);
  return boundedSize(size.shortestEdge, size.longestEdge, source);
}

/** get_image_size_for_max_height_width: small images grow, too. */
function insideOf(
  maxHeight: number,
  maxWidth: number,
  { height, width }: HeightWidth,
): HeightWidth {
  const scale = Math.min(maxHeight / height, maxWidth / width);
  return { height: Math.trunc(height * scale), width: Math.trunc(width * scale) };
}

/** get_resize_output_image_size: no bound on the longest edge. */
function shortestEdgeOf(shortest: number, { height, width }: HeightWidth): HeightWidth {
  const longest = Math.trunc((shortest * Math.max(height, width)) / Math.min(height, width));
  return width <= height
    ? { height: longest, width: shortest }
    : { height: shortest, width: longest };
}

/**
 * get_size_with_aspect_ratio: the shortest edge, unless the longest would pass its bound. The
 * shortest edge is then rounded, while the longest follows from it unrounded.
 */
function boundedSize(shortest: number, longest: number, source: HeightWidth): HeightWidth {
  const { height, width } = source;
  const small = Math.min(height, width);
  const large = Math.max(height, width);
  const bounded = (large / small) * shortest > longest ? (longest * small) / large : undefined;
  const exact = bounded ?? shortest;
  const side = roundHalfEven(exact);
  if (small === side) return { height, width };
  return width < height
    ? { height: Math.trunc((exact * height) / width), width: side }
    : { height: side, width: Math.trunc((exact * width) / height) };
}

/** Rounds halves to even, as Python does. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
