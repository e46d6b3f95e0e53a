import { StallTimer } from '../../lib/download/stall_timer';

const STALL_MS = 30_000;

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test('aborts when nothing has arrived for half a minute, and says so', () => {
  const { signal } = new StallTimer();
  jest.advanceTimersByTime(STALL_MS - 1);
  expect(signal.aborted).toBe(false);
  jest.advanceTimersByTime(1);
  expect(signal.reason).toEqual(new Error('nothing arrived for 30 seconds'));
});

test('what arrives begins the time anew', () => {
  const timer = new StallTimer();
  jest.advanceTimersByTime(STALL_MS - 1);
  timer.restart();
  jest.advanceTimersByTime(STALL_MS - 1);
  expect(timer.signal.aborted).toBe(false);
  jest.advanceTimersByTime(1);
  expect(timer.signal.aborted).toBe(true);
});

test('once ended, nothing aborts and no timer is left', () => {
  const timer = new StallTimer();
  timer.end();
  expect(jest.getTimerCount()).toBe(0);
  jest.advanceTimersByTime(2 * STALL_MS);
  expect(timer.signal.aborted).toBe(false);
});

test("the caller's signal aborts it, with its reason", () => {
  const controller = new AbortController();
  const { signal } = new StallTimer(controller.signal);
  controller.abort(new Error('not wanted'));
  expect(signal.reason).toEqual(new Error('not wanted'));
});
