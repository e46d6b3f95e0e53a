// A map in colours over a picture.
import { setImmediate } from 'node:timers/promises';
import type { RawPixels } from '../image/input';
import type { Tensor } from '../tensor';
import type { Placement, Span } from './placement';

/** Red for a class and blue against it, which eyes of all kinds tell apart (ColorBrewer's RdBu). */
const FOR = [178, 24, 43] as const;
const AGAINST = [33, 102, 172] as const;
/** What the network did not see is left so bright. */
const UNSEEN_BRIGHTNESS = 0.5;
/** What is painted between two turns of the event loop: a few milliseconds' work. */
const PIXELS_AT_A_TIME = 1 << 17;
const CHANNELS = 3;

/** One map, in its own cells. */
export interface Heat {
  /** Row by row, in parts of the logit. */
  values: Float32Array;
  height: number;
  width: number;
  /** The value of the strongest colour. */
  largest: number;
}

export interface Paint {
  opacity: number;
  against: boolean;
  grey: boolean;
}

/** Between which two cells of a map a pixel lies, and how far towards the second. */
interface Between {
  first: Int32Array;
  second: Int32Array;
  share: Float64Array;
  /** Whether the network saw it. */
  seen: Uint8Array;
}

/**
 * Paints a map over a picture: bilinear between the middles of its cells, more opaque the more a
 * pixel counts.
 * @param picture uint8 [1, 3, h, w], or [1, 1, h, w] of one channel.
 */
export async function overlay(
  picture: Tensor,
  heat: Heat,
  placement: Placement,
  paint: Paint,
): Promise<RawPixels> {
  const [height, width] = picture.shape.slice(2) as [number, number];
  const data = new Uint8Array(height * width * CHANNELS);
  const columns = betweenCells(width, placement.x, heat.width);
  const rows = betweenCells(height, placement.y, heat.height);
  const rowsAtATime = Math.max(1, Math.floor(PIXELS_AT_A_TIME / width));
  const colours = coloursOf(picture, paint.grey);
  for (let y = 0; y < height; y++) {
    if (y > 0 && y % rowsAtATime === 0) await setImmediate();
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      const isSeen = rows.seen[y] === 1 && columns.seen[x] === 1;
      const value = isSeen ? valueAt(heat, rows, y, columns, x) : 0;
      const colour = value > 0 ? FOR : AGAINST;
      const share = shareOf(value, heat.largest, paint);
      for (let channel = 0; channel < CHANNELS; channel++) {
        const pixel = colours(at, channel) * (isSeen ? 1 : UNSEEN_BRIGHTNESS);
        data[at * CHANNELS + channel] = Math.round(
          pixel + ((colour[channel] as number) - pixel) * share,
        );
      }
    }
  }
  return { data, width, height, channels: CHANNELS };
}

/** How much of a pixel is the map's colour. */
function shareOf(value: number, largest: number, { opacity, against }: Paint): number {
  if (value === 0 || (value < 0 && !against)) return 0;
  return opacity * Math.min(1, Math.abs(value) / largest);
}

/** What a picture has at a place; grey as Pillow's mode L has it (ITU-R 601-2 luma, rounded). */
function coloursOf(picture: Tensor, grey: boolean): (at: number, channel: number) => number {
  const data = picture.data as Uint8Array;
  const [, channels, height, width] = picture.shape as [number, number, number, number];
  const plane = height * width;
  const pixel = (at: number, channel: number) => data[channel * plane + at] as number;
  if (channels < CHANNELS) return (at) => pixel(at, 0);
  if (!grey) return pixel;
  return (at) => (19595 * pixel(at, 0) + 38470 * pixel(at, 1) + 7471 * pixel(at, 2) + 0x8000) >> 16;
}

/** For each of `count` pixels whose edges lie at `span` on the input, which has `cells` cells. */
function betweenCells(count: number, span: Span, cells: number): Between {
  const between = {
    first: new Int32Array(count),
    second: new Int32Array(count),
    share: new Float64Array(count),
    seen: new Uint8Array(count),
  };
  for (let i = 0; i < count; i++) {
    const place = span.start + ((i + 0.5) / count) * (span.end - span.start);
    // Outside the outermost middles the map goes on as it is there.
    const at = Math.min(Math.max(place * cells - 0.5, 0), cells - 1);
    between.first[i] = Math.floor(at);
    between.second[i] = Math.min(Math.floor(at) + 1, cells - 1);
    between.share[i] = at - Math.floor(at);
    between.seen[i] = place >= 0 && place <= 1 ? 1 : 0;
  }
  return between;
}

function valueAt({ values, width }: Heat, rows: Between, y: number, columns: Between, x: number) {
  const across = (row: number) => {
    const left = values[row * width + (columns.first[x] as number)] as number;
    const right = values[row * width + (columns.second[x] as number)] as number;
    return left + (right - left) * (columns.share[x] as number);
  };
  const upper = across(rows.first[y] as number);
  const lower = across(rows.second[y] as number);
  return upper + (lower - upper) * (rows.share[y] as number);
}
