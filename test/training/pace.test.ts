// How fast a run goes.
import { Pace } from '../../lib/training/pace';

test('is the mean of the last steps', () => {
  let now = 0;
  const pace = new Pace(() => now);
  now = 1000;
  expect(pace.step()).toBe(1);
  now = 4000;
  expect(pace.step()).toBe(2);
  for (let i = 0; i < 30; i++) {
    now += 500;
    pace.step();
  }
  now += 500;
  expect(pace.step()).toBeCloseTo(0.5);
});

test('takes some time in any case', () => {
  expect(new Pace(() => 0).step()).toBeGreaterThan(0);
});
