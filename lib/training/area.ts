// How large the pictures of a data set are.
import { loadBinding } from '../binding/load';
import { isAboutImage } from '../errors';
import { HeldImage } from '../image/input';
import { showPicture } from '../image/shown';
import type { Example } from './data/dataset';
import { Random } from './random';

/** Pictures that are looked at, and the side to which they are decoded. */
const LOOKED_AT = 32;
const SIDE = 16;

/**
 * The median of the pixels of some examples, drawn by the seed; null where none can be read.
 * @throws what is about no picture; the signal's reason.
 */
export async function typicalArea(
  examples: readonly Example[],
  { seed, timeoutMs, signal }: { seed: number; timeoutMs?: number; signal?: AbortSignal },
): Promise<number | null> {
  const drawn = new Random(seed, 'area').shuffled(examples).slice(0, LOOKED_AT);
  const areas: number[] = [];
  for (const { image } of drawn) {
    try {
      const held = HeldImage.of(image);
      const { source } = await showPicture(held, SIDE, loadBinding(), { timeoutMs, signal });
      areas.push(source.height * source.width);
    } catch (error) {
      if (!isAboutImage(error)) throw error;
    }
  }
  areas.sort((a, b) => a - b);
  return areas[Math.floor(areas.length / 2)] ?? null;
}
