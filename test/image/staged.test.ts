// Images decoded for a GPU: which are taken, what they say of themselves, and what there is without one.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BitConfig, type BitError, BitImageProcessor, BitModel, systemInfo } from '../../lib';
import { runJob } from '../../lib/binding/job';
import { loadBinding } from '../../lib/binding/load';
import { StagedImages } from '../../lib/image/staged';
import { nativeInput } from '../../lib/models/native_input';
import { stageForModel } from '../../lib/models/staging';
import { IMAGES } from '../support/pictures';
import { REFERENCE } from '../support/reference';

const grey = { data: new Uint8Array(40 * 30), width: 40, height: 30, channels: 1 };
const rgb = { data: new Uint8Array(400 * 300 * 3), width: 400, height: 300, channels: 3 };
const processor = new BitImageProcessor();

test('lists of any kind are staged, and know their shape', async () => {
  const staged = (await stageForModel(processor, [grey, rgb])) as StagedImages;
  expect(staged).toBeInstanceOf(StagedImages);
  expect(staged.pictures.map(({ shape }) => shape)).toEqual([
    [1, 3, 224, 224],
    [1, 3, 224, 224],
  ]);
});

test('a call with pictures has the shape that one with their pixel values has', async () => {
  const staged = (await stageForModel(processor, [grey, rgb])) as StagedImages;
  expect(nativeInput(staged)).toEqual({
    pixelValues: null,
    pictures: staged.pictures,
    shape: [2, 3, 224, 224],
  });
  expect(nativeInput(new StagedImages([])).shape).toEqual([0]);
  const { pixelValues } = await processor.preprocess([grey, rgb]);
  expect(nativeInput(pixelValues).shape).toEqual([2, 3, 224, 224]);
});

test('where no GPU decodes, gpuDecode changes nothing', async () => {
  const picture = join(IMAGES, 'baseline_420.jpg');
  const plain = await processor.preprocess(picture);
  const asked = await processor.preprocess(picture, { device: 'cpu', gpuDecode: true });
  expect(asked.pixelValues.data).toEqual(plain.pixelValues.data);
  await expect(processor.preprocess(picture, { gpuDecode: 1 as never })).rejects.toMatchObject({
    code: 'ERR_BIT_CONFIG',
  });
});

test('whole numbers, which a GPU does not give, come as pixel values', async () => {
  const off = { doRescale: false, doNormalize: false };
  expect(await stageForModel(processor, rgb, off)).toMatchObject({ dtype: 'uint8' });
});

test('errors are those of preprocess, with the place of an image as index alone', async () => {
  const cases: [unknown, RegExp, number?][] = [
    [[], /at least one image/],
    [[rgb, Buffer.from('no image')], /^Cannot read the image/, 1],
    [join(REFERENCE, 'no such file.png'), /no such file/],
  ];
  for (const [images, message, index] of cases) {
    const error = (await stageForModel(processor, images as never).catch(
      (e: unknown) => e,
    )) as BitError;
    expect(error).toMatchObject({ name: 'BitError', code: 'ERR_BIT_IMAGE' });
    expect(error.message).toMatch(message);
    expect(error.index).toBe(index);
  }
  const tall = { ...rgb, width: 300, height: 400 };
  await expect(stageForModel(processor, [rgb, tall], { doCenterCrop: false })).rejects.toThrow(
    /comes out/,
  );
});

test('a JPEG that libjpeg-turbo refuses goes through sharp', async () => {
  const cut = readFileSync(join(IMAGES, 'baseline_420.jpg')).subarray(0, 2000);
  await expect(stageForModel(processor, cut)).rejects.toMatchObject({ code: 'ERR_BIT_IMAGE' });
});

test('the addon takes no other objects for its own', async () => {
  const { pictures } = (await stageForModel(processor, [rgb])) as StagedImages;
  const native = loadBinding();
  for (const strange of [{ ...pictures[0] }, {}, [], Buffer.alloc(64), null]) {
    const given = { pictures: [strange as never], device: 'cuda', priority: 0 };
    expect(() => native.preparePictures(given)).toThrow(
      expect.objectContaining({ code: 'ERR_BIT_CONFIG' }) as Error,
    );
  }
});

const noGpu = !systemInfo().cuda.available;
const withoutGpu = noGpu ? describe : describe.skip;

withoutGpu('where CUDA is off', () => {
  const { reason } = systemInfo().cuda;

  test('it says why, and what to do', () => {
    expect(reason).toMatch(/BIGTRANSFER_LIBTORCH|build:cuda|driver/);
    expect(systemInfo().devices).toEqual([{ name: 'cpu', type: 'cpu' }]);
  });

  test.each(['cuda', 'cuda:0', 'cuda:all'] as const)('device %s is refused', async (device) => {
    const refused = {
      code: 'ERR_BIT_DEVICE',
      message: expect.stringContaining(reason as string) as string,
    };
    await expect(BitModel.fromConfig(new BitConfig(), { device })).rejects.toMatchObject(refused);
    await expect(processor.preprocess(rgb, { device })).rejects.toMatchObject(refused);
  });

  test('a forward call without any is refused', async () => {
    await using model = await BitModel.fromConfig(new BitConfig());
    await expect(model.forward(new StagedImages([]) as never)).rejects.toMatchObject({
      code: 'ERR_BIT_SHAPE',
      message: 'Expected at least one image',
    });
  });

  test('decoded pictures are used up by a call, even one that fails', async () => {
    const { pictures } = (await stageForModel(processor, [rgb])) as StagedImages;
    const native = loadBinding();
    const prepare = () => native.preparePictures({ pictures, device: 'cuda', priority: 0 });
    await expect(runJob(prepare)).rejects.toMatchObject({
      code: 'ERR_BIT_DEVICE',
    });
    await expect(runJob(prepare)).rejects.toMatchObject({
      code: 'ERR_BIT_SHAPE',
      message: 'A decoded picture can be used only once',
    });
  });
});
