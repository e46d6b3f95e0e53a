import { ProgressMeter, type BatchProgress } from '../../lib/batch/progress';

/** A meter with a clock of its own, in milliseconds. */
function metered(total: number | null) {
  const told: BatchProgress[] = [];
  const clock = { now: 0 };
  const meter = new ProgressMeter(
    total,
    (progress) => told.push(progress),
    () => clock.now,
  );
  /** Rows at once, after so long. */
  const rows = (count: number, after: number, code?: string) => {
    clock.now += after;
    for (let at = 0; at < count; at++) meter.row(code);
  };
  return { meter, told, rows, clock };
}

test('counts rows and errors by their codes, those of earlier runs too', () => {
  const { meter, told, rows } = metered(20);
  meter.start(5, { ERR_BIT_IMAGE: 2 });
  expect(told).toEqual([
    { done: 5, total: 20, errors: { ERR_BIT_IMAGE: 2 }, rate: 0, secondsLeft: null },
  ]);
  rows(1, 1000);
  rows(1, 1000, 'ERR_BIT_IMAGE');
  rows(1, 1000, 'ERR_BIT_SHAPE');
  expect(told.at(-1)).toMatchObject({ done: 8, errors: { ERR_BIT_IMAGE: 3, ERR_BIT_SHAPE: 1 } });
  expect(told[0]?.errors).toEqual({ ERR_BIT_IMAGE: 2 });
});

test('the rate is of this run alone, and the rest takes as long as it says', () => {
  const { meter, told, rows } = metered(1000);
  meter.start(900, {});
  rows(10, 1000);
  expect(told.at(-1)).toMatchObject({ done: 901, rate: 1 });
  rows(10, 1000);
  expect(told.at(-1)).toMatchObject({ done: 911, rate: 5.5, secondsLeft: 89 / 5.5 });
});

test('the rate is that of the last ten seconds', () => {
  const { meter, told, rows } = metered(null);
  meter.start(0, {});
  for (let second = 0; second < 20; second++) rows(1, 1000);
  expect(told.at(-1)?.rate).toBeCloseTo(1, 10);
  for (let tenth = 0; tenth < 100; tenth++) rows(1, 100);
  // Told every 200 ms, as many as came since the one of 10 s before.
  expect(told.at(-1)?.rate).toBeCloseTo(10, 0);
  rows(1, 60_000);
  expect(told.at(-1)?.rate).toBeCloseTo(2 / 60, 1);
});

test('it is told a few times a second at most, and at the end', () => {
  const { meter, told, rows } = metered(5000);
  meter.start(0, {});
  for (let at = 0; at < 4999; at++) rows(1, 1);
  expect(told.length).toBe(1 + 24);
  meter.row(undefined);
  meter.end();
  expect(told.at(-1)).toMatchObject({ done: 5000, total: 5000, secondsLeft: 0 });
});

test('shards leave the rest unknown', () => {
  const { meter, told, rows } = metered(null);
  meter.start(0, {});
  rows(5, 1000);
  expect(told.at(-1)).toMatchObject({ total: null, secondsLeft: null });
});

test('of a job that is done already nothing is left', () => {
  const { meter, told } = metered(3);
  meter.start(3, {});
  meter.end();
  expect(told.at(-1)).toEqual({ done: 3, total: 3, errors: {}, rate: 0, secondsLeft: 0 });
});

test('while nothing has come, how long it takes is not known', () => {
  const { meter, told, clock } = metered(3);
  meter.start(1, {});
  clock.now += 5000;
  meter.end();
  expect(told.at(-1)).toMatchObject({ rate: 0, secondsLeft: null });
});

test('without anybody to tell, rows are counted for nothing', () => {
  const meter = new ProgressMeter(3, undefined);
  meter.start(0, {});
  meter.row(undefined);
  expect(() => meter.end()).not.toThrow();
});

test('the clock is the machine’s where none is given', async () => {
  const told: BatchProgress[] = [];
  const meter = new ProgressMeter(null, (progress) => told.push(progress));
  meter.start(0, {});
  await new Promise((resolve) => setTimeout(resolve, 250));
  meter.row(undefined);
  expect(told).toHaveLength(2);
  expect(told[1]?.rate).toBeGreaterThan(1);
  expect(told[1]?.rate).toBeLessThan(4.1);
});
