// The BiT-HyperRule by its definition (shared with google-research/big_transfer's bit_hyperrule.py).
import {
  learningRateAt,
  mixupFor,
  resolutionFor,
  scheduleFor,
} from '../../lib/training/hyper_rule';

test.each([
  [1, [100, 200, 300, 400, 500], 0],
  [19_999, [100, 200, 300, 400, 500], 0],
  [20_000, [500, 3000, 6000, 9000, 10_000], 0.1],
  [499_999, [500, 3000, 6000, 9000, 10_000], 0.1],
  [500_000, [500, 6000, 12_000, 18_000, 20_000], 0.1],
])('of %i examples', (examples, schedule, mixup) => {
  expect(scheduleFor(examples)).toEqual(schedule);
  expect(mixupFor(examples)).toBe(mixup);
});

test.each([
  [32 * 32, { resize: 160, crop: 128 }],
  [96 * 96 - 1, { resize: 160, crop: 128 }],
  [96 * 96, { resize: 512, crop: 480 }],
  [640 * 480, { resize: 512, crop: 480 }],
])('of pictures of %i pixels', (area, resolution) =>
  expect(resolutionFor(area)).toEqual(resolution),
);

test.each([
  [0, 0],
  [1, 0.003 / 100],
  [50, 0.0015],
  [99, (0.003 * 99) / 100],
  [100, 0.003],
  [200, 0.003],
  [201, 0.0003],
  [300, 0.0003],
  [301, 0.00003],
  [401, 0.000003],
  [499, 0.000003],
])('at step %i the rate is %d', (step, rate) =>
  expect(learningRateAt(step, scheduleFor(1000), 0.003)).toBeCloseTo(rate, 12),
);

test('without a warm-up the first step has the full rate', () => {
  expect(learningRateAt(0, [0, 10, 20], 1)).toBe(1);
  expect([10, 11, 19].map((step) => learningRateAt(step, [0, 10, 20], 1))).toEqual([1, 0.1, 0.1]);
});
