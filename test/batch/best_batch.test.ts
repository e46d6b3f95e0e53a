import { bestBatchSize, MOST_TOGETHER } from '../../lib/batch/best_batch';
import { BitImageProcessor } from '../../lib';
import { BitError } from '../../lib/errors';
import type { Tensor } from '../../lib/tensor';

const SIZE = { height: 8, width: 12 };
const processor = new BitImageProcessor({ cropSize: SIZE });

/** A network of which a batch takes so long, on a clock of its own. */
function network(milliseconds: (images: number) => number) {
  let time = 0;
  const shapes: (readonly number[])[] = [];
  const model = {
    forward: async ({ shape }: Tensor) => {
      shapes.push(shape);
      time += milliseconds(shape[0] as number);
      return Promise.resolve();
    },
  };
  return { model, shapes, now: () => time };
}

const best = (milliseconds: (images: number) => number) => {
  const { model, now } = network(milliseconds);
  return bestBatchSize(model, processor, { now });
};

test('goes on while images get quicker by a twentieth', async () => {
  expect(await best((n) => 10 + n)).toBe(128);
  expect(await best((n) => 1 + n)).toBe(16);
  expect(await best((n) => n)).toBe(1);
});

test('stops where memory, patience or the numbers end', async () => {
  const most = (limit: number) => (n: number) => {
    if (n > limit) throw new BitError('ERR_BIT_OUT_OF_MEMORY', 'too many');
    return 1;
  };
  expect(await best(most(33))).toBe(32);
  expect(await best(() => 1)).toBe(MOST_TOGETHER);
  // Twice as many would take longer than two seconds.
  expect(await best((n) => 601 + 100 * n)).toBe(4);
});

test('tries what the network will be given, each size warm', async () => {
  const { model, shapes, now } = network((n) => n);
  await bestBatchSize(model, processor, { now });
  expect(shapes).toEqual([1, 1, 2, 2].map((n) => [n, 3, 8, 12]));
});

test('where the size depends on the picture nothing is tried', async () => {
  const { model, shapes } = network((n) => n);
  const loose = new BitImageProcessor({ doCenterCrop: false, size: { shortestEdge: 8 } });
  expect(await bestBatchSize(model, loose)).toBe(8);
  expect(shapes).toEqual([]);
  const fixed = new BitImageProcessor({ doCenterCrop: false, size: SIZE });
  await bestBatchSize(model, fixed);
  expect(shapes[0]).toEqual([1, 3, 8, 12]);
});

test('other failures and the signal end it', async () => {
  const gone = new BitError('ERR_BIT_DEVICE', 'gone');
  await expect(
    best(() => {
      throw gone;
    }),
  ).rejects.toBe(gone);
  const { model } = network((n) => n);
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(bestBatchSize(model, processor, { signal })).rejects.toThrow('enough');
});
