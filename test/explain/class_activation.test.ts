// Maps painted over pictures, against PyTorch's and Pillow's; and what cannot be painted.
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import {
  BitConfig,
  BitForImageClassification,
  BitImageProcessor,
  classActivationMap,
  type OverlayOptions,
} from '../../lib';
import { explanationCases, openCase, paintedCase } from '../support/explanations';
import { IMAGES } from '../support/pictures';
import { temporaryFolder } from '../support/temporary';

const WIDTH = 40;
const HEIGHT = 20;
const PIXELS = {
  data: new Uint8Array(WIDTH * HEIGHT * 3).map((_, i) => (i * 37) % 256),
  width: WIDTH,
  height: HEIGHT,
  channels: 3,
};
const processor = new BitImageProcessor({ doResize: false, cropSize: { height: 20, width: 20 } });
let model: BitForImageClassification;

beforeAll(async () => {
  const small = { embeddingSize: 8, hiddenSizes: [8, 16], depths: [1, 1], numGroups: 4 };
  model = await BitForImageClassification.fromConfig(new BitConfig({ ...small, numLabels: 3 }), {
    seed: 1,
  });
});
afterAll(() => model.dispose());

const explain = (image: Parameters<typeof classActivationMap>[1] = PIXELS, options = {}) =>
  classActivationMap(model, image, { processor, ...options });

async function rgb(file: string | Buffer) {
  const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: info.channels };
}

test.each(explanationCases)('painted as PyTorch and Pillow paint it: %s', async (name, each) => {
  const { model, processor, picture } = await openCase(each);
  const { max_side: maxSide, on, grey, opacity, against } = each.options;
  const activation = await classActivationMap(model, picture, { processor, target: each.target });
  const painting = { on, grey, opacity, against, maxSide };
  const { data, ...size } = await activation.overlayPixels(0, painting);
  const expected = await rgb(paintedCase(name));
  expect(size).toEqual({ width: expected.width, height: expected.height, channels: 3 });
  // Maps differ in their last bits, and a colour may lie in the middle between two levels.
  let most = 0;
  let others = 0;
  data.forEach((value, i) => {
    const off = Math.abs(value - (expected.data[i] as number));
    most = Math.max(most, off);
    if (off > 0) others++;
  });
  expect(most).toBeLessThanOrEqual(1);
  expect(others / data.length).toBeLessThan(0.001);
  await model.dispose();
});

test('overlay() is a PNG of the same pixels', async () => {
  const activation = await explain();
  const png = await activation.overlay(0, { opacity: 1 });
  expect((await sharp(png).metadata()).format).toBe('png');
  const { data, ...size } = await activation.overlayPixels(0, { opacity: 1 });
  const decoded = await rgb(png);
  expect(decoded).toMatchObject(size);
  expect([...decoded.data]).toEqual([...data]);
});

test('without opacity, the picture: as it was given, darker where the network did not see it', async () => {
  const { data } = await (await explain()).overlayPixels(0, { opacity: 0, grey: false });
  const expected = PIXELS.data.map((value, i) => {
    const x = Math.floor(i / 3) % WIDTH;
    return x >= 10 && x < 30 ? value : Math.round(value / 2);
  });
  expect(Buffer.from(data).equals(expected)).toBe(true);
});

test('the picture as the network saw it has just the pixels of the crop', async () => {
  const painted = await (
    await explain()
  ).overlayPixels(0, { on: 'input', opacity: 0, grey: false });
  expect([painted.width, painted.height]).toEqual([20, 20]);
  for (let y = 0; y < 20; y++)
    for (let x = 0; x < 20; x++)
      for (let channel = 0; channel < 3; channel++)
        expect(painted.data[(y * 20 + x) * 3 + channel]).toBe(
          PIXELS.data[(y * WIDTH + x + 10) * 3 + channel],
        );
});

test("an image's maps share one scale, and `target` chooses among them", async () => {
  const several = await explain([PIXELS, PIXELS], { target: [0, 1, 2] });
  const cells = several.maps.data.length / 6;
  const largest = (place: number) =>
    Math.max(...several.maps.data.subarray(place * cells, (place + 1) * cells).map(Math.abs));
  const scales = [0, 1, 2].map(largest);
  const weakest = scales.indexOf(Math.min(...scales));
  const alone = await explain(PIXELS, { target: weakest });
  const colour = ({ data }: { data: ArrayLike<number> }) =>
    Math.max(
      ...Array.from({ length: data.length / 3 }, (_, i) =>
        Math.abs((data[3 * i] as number) - (data[3 * i + 2] as number)),
      ),
    );
  const painted = await several.overlayPixels(1, { target: weakest, on: 'input' });
  const strong = await alone.overlayPixels(0, { on: 'input' });
  expect(colour(painted)).toBeLessThan(colour(strong));
  expect(painted).toEqual(await several.overlayPixels(0, { target: weakest, on: 'input' }));
  expect(painted).not.toEqual(await several.overlayPixels(1, { on: 'input' }));
});

test.each([
  ['grey', 1],
  ['grey with alpha', 2],
  ['with alpha', 4],
])('raw pixels: %s', async (_, channels) => {
  const data = new Uint8Array(WIDTH * HEIGHT * channels).fill(100);
  const activation = await explain({ data, width: WIDTH, height: HEIGHT, channels });
  const { data: painted, ...size } = await activation.overlayPixels(0, { opacity: 0 });
  expect(size).toEqual({ width: WIDTH, height: HEIGHT, channels: 3 });
  expect([painted[0], painted[3 * 20]]).toEqual([50, 100]);
});

test('one channel, where the processor keeps it', async () => {
  const config = new BitConfig({
    numChannels: 1,
    embeddingSize: 8,
    hiddenSizes: [8, 16],
    depths: [1, 1],
    numGroups: 4,
  });
  await using grey = await BitForImageClassification.fromConfig(config);
  const image = { data: new Uint8Array(20 * 20).fill(9), width: 20, height: 20, channels: 1 };
  const activation = await classActivationMap(grey, image, {
    processor: processor.with({ doConvertRgb: false, imageMean: 0, imageStd: 1 }),
  });
  for (const on of ['original', 'input'] as const) {
    const { data } = await activation.overlayPixels(0, { on, opacity: 0 });
    expect([...new Set(data)]).toEqual([9]);
  }
});

test('turned upright, as the network saw it', async () => {
  const activation = await explain(join(IMAGES, 'exif_6.jpg'));
  const plain = { opacity: 0, grey: false };
  const painted = await activation.overlayPixels(0, plain);
  const upright = await sharp(join(IMAGES, 'exif_6.jpg'))
    .autoOrient()
    .toBuffer({ resolveWithObject: true });
  expect([painted.width, painted.height]).toEqual([upright.info.width, upright.info.height]);
});

test('maxSide makes larger pictures smaller, and no picture larger', async () => {
  const activation = await explain();
  const sizeOf = async (maxSide: number) => {
    const { width, height } = await activation.overlayPixels(0, { maxSide });
    return [width, height];
  };
  expect(await sizeOf(10)).toEqual([10, 5]);
  expect(await sizeOf(1)).toEqual([1, 1]);
  expect(await sizeOf(41)).toEqual([40, 20]);
});

test.each<[number, OverlayOptions, RegExp]>([
  [1, {}, /an integer from 0 to 0 for image but received 1/],
  [-1, {}, /an integer from 0 to 0 for image but received -1/],
  [0, { target: 1 }, /an integer from 0 to 0 for target but received 1/],
  [0, { target: -1 }, /an integer from 0 for target/],
  [0, { on: 'picture' as never }, /one of 'original', 'input'/],
  [0, { opacity: 1.1 }, /from 0 to 1 for opacity/],
  [0, { maxSide: 0 }, /a positive integer for maxSide/],
  [0, { gray: true } as never, /Unknown option 'gray' \(did you mean 'grey'\?\)/],
])('overlay(%j, %j) is refused', async (image, options, message) => {
  const activation = await explain();
  for (const call of [activation.overlay(image, options), activation.overlayPixels(image, options)])
    await expect(call).rejects.toMatchObject({
      code: 'ERR_BIT_CONFIG',
      message: expect.stringMatching(message) as string,
    });
});

describe('later', () => {
  const folder = temporaryFolder();

  test('a file that is gone is named, and a signal stops', async () => {
    const path = join(folder, 'here.jpg');
    copyFileSync(join(IMAGES, 'baseline_420.jpg'), path);
    const activation = await explain(path);
    const reason = new Error('enough');
    await expect(activation.overlay(0, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    rmSync(path);
    await expect(activation.overlay()).rejects.toMatchObject({
      code: 'ERR_BIT_IMAGE',
      message: expect.stringContaining(path) as string,
    });
  });

  test('what was in memory is painted as it was', async () => {
    const data = PIXELS.data.slice();
    const activation = await explain({ ...PIXELS, data });
    data.fill(0);
    expect(await activation.overlayPixels()).toEqual(await (await explain()).overlayPixels());
  });
});
