// Who works while others wait.
import { Turns } from '../../lib/image/turns';

/** Lets what is ready run. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Work that ends when it is told to; `begun` has it from then on. */
function works(turns: Turns, count: number) {
  const begun: number[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const results = Array.from({ length: count }, (_, i) =>
    turns.take(() => {
      begun.push(i);
      return new Promise<number>((resolve, reject) => {
        ends[i] = (error) => (error ? reject(error) : resolve(i));
      });
    }),
  );
  return { begun, ends, results };
}

test('as many as may work at once, the others in their order as turns end', async () => {
  const { begun, ends, results } = works(new Turns(2), 5);
  await settle();
  expect(begun).toEqual([0, 1]);
  ends[1]?.();
  await settle();
  expect(begun).toEqual([0, 1, 2]);
  ends[0]?.();
  ends[2]?.();
  await settle();
  expect(begun).toEqual([0, 1, 2, 3, 4]);
  ends[3]?.();
  ends[4]?.();
  expect(await Promise.all(results)).toEqual([0, 1, 2, 3, 4]);
});

test('work that fails gives its turn back', async () => {
  const turns = new Turns(1);
  const { begun, ends, results } = works(turns, 2);
  await settle();
  ends[0]?.(new Error('no'));
  await expect(results[0]).rejects.toThrow('no');
  await settle();
  expect(begun).toEqual([0, 1]);
  ends[1]?.();
  await results[1];
  expect(await turns.take(async () => 'next')).toBe('next');
});

test('turns that nobody takes are kept for later, and no more than there are', async () => {
  const turns = new Turns(2);
  for (let i = 0; i < 5; i++) await turns.take(async () => i);
  const { begun, ends, results } = works(turns, 3);
  await settle();
  expect(begun).toEqual([0, 1]);
  ends[0]?.();
  await settle();
  ends[1]?.();
  ends[2]?.();
  await Promise.all(results);
});
