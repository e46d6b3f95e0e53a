// Pictures of a run: resized as Google's transform does, kept within their room, named where they cannot be read.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { BitImageProcessor } from '../../lib';
import type { Example } from '../../lib/training/data/dataset';
import { isUnreadable, Pictures } from '../../lib/training/pictures';
import { failure } from '../support/queue';
import { temporaryFolder } from '../support/temporary';

const folder = temporaryFolder();
const RESIZE = 10;
const BYTES = 3 * RESIZE * RESIZE;

/** Noise of 20 x 12 pixels. */
async function example(name: string): Promise<Example> {
  const path = join(folder, `${name}.png`);
  const data = Buffer.from(Array.from({ length: 20 * 12 * 3 }, (_, i) => (i * 71 + 13) % 256));
  await sharp(data, { raw: { width: 20, height: 12, channels: 3 } }).toFile(path);
  return { path, image: path, target: 0 };
}

test('square, by bilinear resizing of each side apart', async () => {
  const one = await example('square');
  const { data, side } = await new Pictures({ resize: RESIZE, room: 0 }).get(one);
  expect([side, data.length, data.constructor.name]).toEqual([RESIZE, BYTES, 'Uint8Array']);
  const processor = new BitImageProcessor({
    size: { height: RESIZE, width: RESIZE },
    ...{ resample: 2, doCenterCrop: false, doRescale: false, doNormalize: false },
  });
  const { pixelValues } = await processor.preprocess(one.path);
  expect([...data]).toEqual([...(pixelValues.data as Uint8Array)]);
});

test('grey pictures and those with alpha have three planes as well', async () => {
  for (const channels of [1, 4] as const) {
    const path = join(folder, `channels ${channels}.png`);
    const raw = { width: 4, height: 4, channels };
    await sharp(Buffer.alloc(16 * channels, 200), { raw }).toFile(path);
    const { data } = await new Pictures({ resize: RESIZE, room: 0 }).get({
      path,
      image: path,
      target: 0,
    });
    expect([data.length, data[0]]).toEqual([BYTES, 200]);
  }
});

test('those that there is room for are read once, the others each time', async () => {
  const [first, second, third] = await Promise.all(['a', 'b', 'c'].map(example));
  const pictures = new Pictures({ resize: RESIZE, room: 2 * BYTES + BYTES - 1 });
  const before = await Promise.all([first!, second!, third!].map((each) => pictures.get(each)));
  for (const each of [first, second, third]) rmSync(each!.path);
  expect(await pictures.get(first!)).toBe(before[0]);
  expect(await pictures.get(second!)).toBe(before[1]);
  expect(await failure(pictures.get(third!))).toContain('no such file');
});

test('what cannot be read is named, takes no room, and may be read later', async () => {
  const [late, other] = await Promise.all(['late', 'other'].map(example));
  const bytes = readFileSync(late!.path);
  const pictures = new Pictures({ resize: RESIZE, room: BYTES });
  rmSync(late!.path);
  const error: unknown = await pictures.get(late!).catch((each: unknown) => each);
  expect(error).toMatchObject({ code: 'ERR_BIT_IMAGE' });
  expect((error as Error).message.split(late!.path)).toHaveLength(2);
  expect(isUnreadable(error)).toBe(true);
  // Its room is for the next one.
  const kept = await pictures.get(other!);
  expect(await pictures.get(other!)).toBe(kept);
  writeFileSync(late!.path, bytes);
  expect((await pictures.get(late!)).data).toHaveLength(BYTES);
});

test('a picture in memory is named by its path too', async () => {
  const pictures = new Pictures({ resize: RESIZE, room: 0 });
  const broken = { path: 'set.parquet/7', image: Buffer.from('no picture'), target: 0 };
  expect(await failure(pictures.get(broken))).toMatch(/^ERR_BIT_IMAGE: set\.parquet\/7: /);
});

test('ends by its signal, which is no picture’s fault', async () => {
  const one = await example('stopped');
  const reason = new Error('enough');
  const pictures = new Pictures({ resize: RESIZE, room: BYTES, signal: AbortSignal.abort(reason) });
  await expect(pictures.get(one)).rejects.toBe(reason);
  expect(isUnreadable(reason)).toBe(false);
});
