// Jobs that are left to others for a while.
import { Rests } from '../../../lib/batch/queue/rests';

test('rests from a job that fails, each time in a row twice as long, up to a minute', () => {
  let now = 0;
  const rests = new Rests(() => now);
  expect(rests.left('a')).toBe(0);
  rests.failed('a');
  expect([rests.left('a'), rests.left('b')]).toEqual([500, 0]);
  now = 400;
  expect(rests.left('a')).toBe(100);
  now = 700;
  expect(rests.left('a')).toBe(0);
  rests.failed('a');
  expect(rests.left('a')).toBe(1000);
  for (let i = 0; i < 20; i++) rests.failed('a');
  expect(rests.left('a')).toBe(60_000);
  rests.succeeded('a');
  expect(rests.left('a')).toBe(0);
  rests.failed('a');
  expect(rests.left('a')).toBe(500);
});
