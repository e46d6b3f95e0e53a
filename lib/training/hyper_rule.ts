// The BiT-HyperRule (Kolesnikov et al., 1912.11370, section 3.3): what to train with, by the size of the data set alone.
// Numbers as google-research/big_transfer's bit_hyperrule.py and train.py have them.

/** Examples of a small data set are fewer, of a large one as many or more. */
const MEDIUM_FROM = 20_000;
const LARGE_FROM = 500_000;

/** Ends of the warm-up, of each rate, and of the training. */
const SCHEDULES = {
  small: [100, 200, 300, 400, 500],
  medium: [500, 3000, 6000, 9000, 10_000],
  large: [500, 6000, 12_000, 18_000, 20_000],
} as const;

/** Pictures smaller than this are small: 96 x 96. */
const SMALL_AREA = 96 * 96;

/** Both parameters of the Beta distribution of MixUp, where it is on. */
const MIXUP_ALPHA = 0.1;

/** What pictures are resized to, square, and what is cut out of that to learn from. */
export interface Resolution {
  resize: number;
  crop: number;
}

/** Steps at which the rate changes: the end of the warm-up first, the end of the training last. */
export function scheduleFor(examples: number): number[] {
  if (examples < MEDIUM_FROM) return [...SCHEDULES.small];
  return [...(examples < LARGE_FROM ? SCHEDULES.medium : SCHEDULES.large)];
}

/** @param area pixels of a typical picture of the data set. */
export function resolutionFor(area: number): Resolution {
  return area < SMALL_AREA ? { resize: 160, crop: 128 } : { resize: 512, crop: 480 };
}

/** 0: no MixUp. */
export function mixupFor(examples: number): number {
  return examples < MEDIUM_FROM ? 0 : MIXUP_ALPHA;
}

/**
 * The learning rate of a step, counted from 0: up to `base` along a line, then a tenth of it from each step on that
 * comes after one of the schedule.
 */
export function learningRateAt(step: number, schedule: readonly number[], base: number): number {
  const [warmup = 0, ...later] = schedule;
  if (step < warmup) return (base * step) / warmup;
  const decays = later.filter((support) => support < step).length;
  return base / 10 ** decays;
}
