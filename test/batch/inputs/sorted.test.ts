import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import fc from 'fast-check';
import { sorted } from '../../../lib/batch/inputs/sorted';

async function* each(names: string[]) {
  yield* names;
}

async function all(names: string[], inMemory?: number): Promise<string[]> {
  const found: string[] = [];
  for await (const name of sorted(each(names), inMemory)) found.push(name);
  return found;
}

const leftovers = () =>
  readdirSync(tmpdir()).filter((name) => name.startsWith('bigtransfer-names-'));

test.each([1, 2, 3, 1000])('any names, %i of them in memory', async (inMemory) => {
  const names = fc.array(fc.string({ unit: 'binary' }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(names, async (given) => {
      expect(await all(given, inMemory)).toEqual([...given].sort());
    }),
    { numRuns: 40 },
  );
});

test('files of names are gone afterwards, also where somebody stops on the way', async () => {
  const before = leftovers();
  for await (const name of sorted(each(['c', 'a', 'b']), 1)) {
    expect(name).toBe('a');
    expect(leftovers().length).toBe(before.length + 1);
    break;
  }
  expect(leftovers()).toEqual(before);
});
