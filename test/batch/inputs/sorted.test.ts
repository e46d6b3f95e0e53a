import { readdirSync, readlinkSync } from 'node:fs';
import fc from 'fast-check';
import { sorted } from '../../../lib/batch/inputs/sorted';
import { temporaryFolderAlone } from '../../support/temporary';

async function* each(names: string[]) {
  yield* names;
}

async function all(names: string[], inMemory?: number): Promise<string[]> {
  const found: string[] = [];
  for await (const name of sorted(each(names), inMemory)) found.push(name);
  return found;
}

const place = temporaryFolderAlone();
const leftovers = () => readdirSync(place);

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
  for await (const name of sorted(each(['c', 'a', 'b']), 1)) {
    expect(name).toBe('a');
    expect(leftovers().length).toBe(1);
    break;
  }
  expect(leftovers()).toEqual([]);
});

test.each(['\u2028', '\u2029', '\r', '\n', '\r\n', '\ufeff', '\0'])(
  'names with %j come back from files as they were',
  async (sign) => {
    const names = [`b${sign}`, `${sign}a`, `a${sign}c`, sign];
    expect(await all(names, 1)).toEqual([...names].sort());
  },
);

test('files of names are closed where somebody stops on the way', async () => {
  const open = () =>
    readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).includes('bigtransfer-names-');
      } catch {
        return false;
      }
    }).length;
  // Longer than what is read of a file at once.
  const names = Array.from({ length: 3000 }, (_, at) => `${at}`.padEnd(200, '-'));
  for await (const name of sorted(each(names), 1000)) {
    expect(name.startsWith('0')).toBe(true);
    expect(open()).toBe(3);
    break;
  }
  for (let turn = 0; turn < 100 && open() > 0; turn++)
    await new Promise((resolve) => setTimeout(resolve, 10));
  expect(open()).toBe(0);
});
