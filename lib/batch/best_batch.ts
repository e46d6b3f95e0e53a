// How many images should go through a network together: tried out.
import type { BitImageProcessorFields } from '../config/image_processor';
import { DEFAULT_BATCH_SIZE } from '../config/defaults';
import { BitError } from '../errors';
import { Tensor } from '../tensor';

/** The most that is tried, and that a model's queue is told of. */
export const MOST_TOGETHER = 256;
/** A batch that is not quicker by so much, for each image, is not worth its memory. */
const WORTH = 1.05;
/** Longer batches are not tried: on a CPU they bring nothing, and answers would come late. */
const LONGEST_MS = 2000;
const CHANNELS = 3;

export interface TriedModel {
  forward(inputs: Tensor): Promise<unknown>;
}

/**
 * The batch with the most images a second, of 1, 2, 4 and so on, up to what fits in the memory of the
 * device and takes two seconds.
 */
export async function bestBatchSize(
  model: TriedModel,
  processor: BitImageProcessorFields,
  { signal, now = () => performance.now() }: { signal?: AbortSignal; now?: () => number } = {},
): Promise<number> {
  const side = sidesOf(processor);
  if (side === null) return DEFAULT_BATCH_SIZE;
  let best = { size: 1, rate: 0 };
  for (let size = 1; size <= MOST_TOGETHER; size *= 2) {
    signal?.throwIfAborted();
    const milliseconds = await trial(model, size, side, now);
    if (milliseconds === null) break;
    const rate = size / milliseconds;
    if (size > 1 && rate < best.rate * WORTH) break;
    best = { size, rate };
    if (2 * milliseconds > LONGEST_MS) break;
  }
  return best.size;
}

/** What the network is given; null where it depends on the picture. */
function sidesOf({ doCenterCrop, cropSize, doResize, size }: BitImageProcessorFields) {
  if (doCenterCrop) return cropSize;
  return doResize && 'height' in size ? (size as { height: number; width: number }) : null;
}

/** What a batch takes once the network knows its size; null where it does not fit. */
async function trial(
  model: TriedModel,
  count: number,
  { height, width }: { height: number; width: number },
  now: () => number,
): Promise<number | null> {
  const shape = [count, CHANNELS, height, width];
  const inputs = Tensor.from(new Float32Array(count * CHANNELS * height * width), shape);
  try {
    await model.forward(inputs);
    const start = now();
    await model.forward(inputs);
    return now() - start;
  } catch (error) {
    if (error instanceof BitError && error.code === 'ERR_BIT_OUT_OF_MEMORY') return null;
    throw error;
  }
}
