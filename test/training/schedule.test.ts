// How long a run is, and how fast it learns.
import { Schedule } from '../../lib/training/schedule';

const rule = [100, 200, 300, 400, 500];

test('is the preset’s, or scaled to as many steps as are wanted', () => {
  const whole = new Schedule({ schedule: rule, steps: null, learningRate: 1 });
  expect([whole.steps, whole.supports]).toEqual([500, rule]);
  const short = new Schedule({ schedule: rule, steps: 50, learningRate: 1 });
  expect([short.steps, short.supports]).toEqual([50, [10, 20, 30, 40, 50]]);
  expect([0, 5, 10, 20, 21, 31].map((step) => short.rateAt(step))).toEqual([
    0, 0.5, 1, 1, 0.1, 0.01,
  ]);
});

test('has one step at least', () => {
  const one = new Schedule({ schedule: rule, steps: 1, learningRate: 1 });
  expect([one.steps, one.rateAt(0)]).toEqual([1, 1]);
});
