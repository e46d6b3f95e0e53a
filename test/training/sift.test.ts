// Which pictures can be read is found out before anything is learnt.
import { BitError } from '../../lib';
import type { Example } from '../../lib/training/data/dataset';
import type { Pictures } from '../../lib/training/pictures';
import { sift, withoutThem } from '../../lib/training/sift';

const examples = Array.from({ length: 40 }, (_, i): Example => ({
  path: `p${i}`,
  image: '',
  target: i,
}));
const isBroken = ({ target }: Example) => (target as number) % 9 === 4;

/** As many at once as are under way. */
function pictures(error: (example: Example) => Error | null) {
  const seen = { now: 0, most: 0 };
  const get = async (example: Example) => {
    seen.most = Math.max(seen.most, ++seen.now);
    await new Promise(setImmediate);
    seen.now--;
    const failed = error(example);
    if (failed) throw failed;
    return { data: new Uint8Array(), side: 0 };
  };
  return { seen, pictures: { get } as unknown as Pictures };
}

test('those that can be read, in their order, and why the others cannot', async () => {
  const { seen, pictures: of } = pictures((each) =>
    isBroken(each) ? new BitError('ERR_BIT_IMAGE', `no ${each.path}`) : null,
  );
  const told: number[] = [];
  const { readable, leftOut } = await sift(examples, of, (done) => told.push(done));
  expect(readable).toEqual(examples.filter((each) => !isBroken(each)));
  expect(leftOut).toEqual(
    [4, 13, 22, 31].map((place) => ({ place, path: `p${place}`, message: `no p${place}` })),
  );
  expect(told).toEqual(examples.map((_, i) => i + 1));
  expect(seen.most).toBe(16);
  expect(withoutThem(examples, leftOut)).toEqual(readable);
});

test('what is about no picture is thrown', async () => {
  const reason = new Error('enough');
  const { pictures: of } = pictures(() => reason);
  await expect(sift(examples, of)).rejects.toBe(reason);
});

test('of nothing there is nothing', async () => {
  const { pictures: of } = pictures(() => null);
  expect(await sift([], of)).toEqual({ readable: [], leftOut: [] });
});
