// How large the pictures of a data set are taken to be.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { typicalArea } from '../../lib/training/area';
import type { Example } from '../../lib/training/data/dataset';
import { temporaryFolder } from '../support/temporary';

const folder = temporaryFolder();

/** Pictures of these sizes, without a look at what is in them. */
async function examplesOf(name: string, sizes: readonly [number, number][]): Promise<Example[]> {
  mkdirSync(join(folder, name));
  return Promise.all(
    sizes.map(async ([width, height], i) => {
      const path = join(folder, name, `${i}.png`);
      const background = { r: i, g: 0, b: 0 };
      await sharp({ create: { width, height, channels: 3, background } }).toFile(path);
      return { path, image: path, target: 0 };
    }),
  );
}

test('the median of the pixels, whatever the order', async () => {
  const examples = await examplesOf('odd', [
    [100, 20],
    [4, 5],
    [30, 10],
  ]);
  expect(await typicalArea(examples, { seed: 0 })).toBe(300);
  expect(await typicalArea([...examples].reverse(), { seed: 7 })).toBe(300);
});

test('what cannot be read is passed over; null where nothing can', async () => {
  const examples = await examplesOf('broken', [
    [10, 10],
    [9, 9],
    [2, 2],
  ]);
  writeFileSync(examples[1]!.path, 'broken');
  rmSync(examples[2]!.path);
  expect(await typicalArea(examples, { seed: 0 })).toBe(100);
  expect(await typicalArea(examples.slice(1), { seed: 0 })).toBeNull();
  expect(await typicalArea([], { seed: 0 })).toBeNull();
});

test('32 pictures are enough of a large data set, and which ones follows from the seed', async () => {
  const [one] = await examplesOf('many', [[8, 8]]);
  const read = new Set<number>();
  const many = Array.from({ length: 100 }, (_, i): Example => {
    const example = { path: `${i}`, target: 0 } as Example;
    Object.defineProperty(example, 'image', {
      get() {
        read.add(i);
        return one!.path;
      },
    });
    return example;
  });
  const drawn = async (seed: number) => {
    read.clear();
    expect(await typicalArea(many, { seed })).toBe(64);
    return [...read].sort((a, b) => a - b);
  };
  const first = await drawn(1);
  expect(first).toHaveLength(32);
  expect(await drawn(1)).toEqual(first);
  expect(await drawn(2)).not.toEqual(first);
});

test('ends by its signal', async () => {
  const examples = await examplesOf('stopped', [[8, 8]]);
  const reason = new Error('enough');
  await expect(typicalArea(examples, { seed: 0, signal: AbortSignal.abort(reason) })).rejects.toBe(
    reason,
  );
});
