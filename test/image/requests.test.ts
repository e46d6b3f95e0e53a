// What reaches the native side, and what never does: the addon is a stand-in here.
import { availableParallelism } from 'node:os';
import type { NativeJob, NativePixels, PreprocessRequest } from '../../lib/binding/types';
import { ImageProcessorData, type BitImageProcessorFields } from '../../lib/config/image_processor';
import { BitError } from '../../lib/errors';
import { preprocessImages } from '../../lib/image/processor';
import type { ImageInput } from '../../lib/image/input';

const raw = (width: number, height: number, channels = 3) => ({
  data: new Uint8Array(width * height * channels),
  width,
  height,
  channels,
});

const pixels = (value: number): NativePixels => ({
  dtype: 'float32',
  shape: [1, 1],
  writeTo: (target) => target.fill(value),
});

/** Keeps the requests; answers at once, or only when cancelled. */
function standIn(answers = true) {
  const requests: PreprocessRequest[] = [];
  const cancel = jest.fn();
  const preprocess = (request: PreprocessRequest): NativeJob<NativePixels> => {
    requests.push(request);
    const promise = answers
      ? Promise.resolve(pixels(7))
      : new Promise<NativePixels>(() => undefined);
    return { promise, cancel };
  };
  return { preprocess, requests, cancel };
}

async function requestOf(
  images: ImageInput | ImageInput[],
  init: Partial<BitImageProcessorFields> = {},
): Promise<PreprocessRequest> {
  const native = standIn();
  await preprocessImages(images, new ImageProcessorData(init), native);
  return native.requests[0] as PreprocessRequest;
}

test('a hole in a list is an image that is undefined', async () => {
  // eslint-disable-next-line no-sparse-arrays -- that is what is tested
  const holed = [raw(5, 6), , raw(5, 6)] as ImageInput[];
  await expect(requestOf(holed)).rejects.toMatchObject({ code: 'ERR_BIT_IMAGE', index: 1 });
});

describe('the request', () => {
  test('holds the defaults of transformers', async () => {
    const image = raw(640, 480);
    expect(await requestOf(image)).toEqual({
      picture: { ...image, encoding: null, shrink: 1, resizedHeight: 224, resizedWidth: 298 },
      steps: {
        resample: 'bicubic',
        convertRgb: true,
        crop: { height: 224, width: 224 },
        rescaleFactor: 1 / 255,
        imageMean: [0.48145466, 0.4578275, 0.40821073],
        imageStd: [0.26862954, 0.26130258, 0.27577711],
      },
      gpuDecode: false,
      priority: 0,
    });
  });

  test('holds null for every step that is off', async () => {
    const off = { doResize: false, doCenterCrop: false, doRescale: false, doNormalize: false };
    const request = await requestOf(raw(5, 6), { ...off, doConvertRgb: false });
    expect(request.steps).toMatchObject({
      crop: null,
      rescaleFactor: null,
      imageMean: null,
      imageStd: null,
    });
    expect(request.steps.convertRgb).toBe(false);
    expect(request.picture).toMatchObject({ resizedHeight: 6, resizedWidth: 5 });
  });

  test('repeats one mean for every channel that comes out', async () => {
    const one = { imageMean: 0.5, imageStd: [0.25] };
    expect((await requestOf(raw(5, 6, 1), one)).steps.imageMean).toEqual([0.5, 0.5, 0.5]);
    const kept = await requestOf(raw(5, 6, 4), { ...one, doConvertRgb: false });
    expect(kept.steps.imageStd).toEqual([0.25, 0.25, 0.25, 0.25]);
  });

  test.each([
    [0, 'nearest'],
    [1, 'lanczos'],
    [2, 'bilinear'],
    [3, 'bicubic'],
    [4, 'box'],
    [5, 'hamming'],
  ])("names PIL's code %i", async (code, name) => {
    expect((await requestOf(raw(5, 6), { resample: code as never })).steps.resample).toBe(name);
  });
});

test('a list becomes one batch in its order', async () => {
  // Answers each image with its width, the later ones sooner.
  const preprocess = (request: PreprocessRequest): NativeJob<NativePixels> => {
    const { width } = request.picture;
    const answer: NativePixels = { ...pixels(width), shape: [1, 1, 1, 2] };
    const promise = new Promise<NativePixels>((resolve) =>
      setTimeout(() => resolve(answer), 30 - 5 * width),
    );
    return { promise, cancel: jest.fn() };
  };
  const images = [raw(2, 4), raw(3, 4), raw(4, 4)];
  const batch = await preprocessImages(images, new ImageProcessorData(), { preprocess });
  expect(batch.shape).toEqual([3, 1, 1, 2]);
  expect([...batch.data]).toEqual([2, 2, 3, 3, 4, 4]);
});

describe('no batch comes', () => {
  const settings = new ImageProcessorData();

  test.each<[string, ImageInput[], Partial<BitImageProcessorFields>, object]>([
    ['of an empty list', [], {}, { message: 'Expected at least one image' }],
    [
      'of images that come out in two sizes',
      [raw(4, 4), raw(4, 4), raw(8, 4)],
      { doCenterCrop: false },
      {
        index: 2,
        message: expect.stringContaining('448 x 224 but the first as 224 x 224') as string,
      },
    ],
    [
      'of images with two numbers of channels',
      [raw(4, 4), raw(4, 4, 1)],
      { doConvertRgb: false },
      { index: 1, message: expect.stringContaining('1 channels but the first has 3') as string },
    ],
    [
      'of an image that is resized to nothing',
      [raw(4, 4), raw(500, 1)],
      { size: { maxHeight: 30, maxWidth: 33 } },
      {
        index: 1,
        message: expect.stringContaining('500 x 1 would be resized to 33 x 0') as string,
      },
    ],
    [
      'of an image that is resized to gigabytes',
      [raw(100_000, 1)],
      {},
      { index: 0, message: expect.stringContaining('22400000 x 224') as string },
    ],
  ])('%s', async (_, images, init, error) => {
    const native = standIn();
    const attempt = preprocessImages(images, settings.with(init), native);
    await expect(attempt).rejects.toMatchObject({ code: 'ERR_BIT_IMAGE', ...error });
  });

  test('of two bad images, and the earlier in the list is told though it fails later', async () => {
    const failing = (request: PreprocessRequest): NativeJob<NativePixels> => {
      const { width } = request.picture;
      const failure = new BitError('ERR_BIT_IMAGE', `${width} wide`);
      const later = width === 5 ? 30 : 0;
      const promise = new Promise<NativePixels>((_, reject) => setTimeout(reject, later, failure));
      return { promise, cancel: jest.fn() };
    };
    const images = [raw(5, 4), raw(6, 4)];
    const attempt = preprocessImages(images, settings, { preprocess: failing });
    await expect(attempt).rejects.toMatchObject({ index: 0, message: '5 wide' });
  });

  test('after the signal has aborted', async () => {
    const native = standIn();
    const signal = AbortSignal.abort('late');
    await expect(preprocessImages(raw(4, 4), settings, native, { signal })).rejects.toBe('late');
    expect(native.requests).toEqual([]);
  });

  test('and one image alone has no index', async () => {
    const attempt = preprocessImages('/nowhere.jpg', settings, standIn());
    const error: unknown = await attempt.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ message: 'Cannot read /nowhere.jpg: no such file' });
    expect(error).not.toHaveProperty('index');
  });
});

test('the priority goes along', async () => {
  const native = standIn();
  await preprocessImages([raw(4, 4)], new ImageProcessorData(), native, { priority: 7 });
  await preprocessImages([raw(4, 4)], new ImageProcessorData(), native);
  expect(native.requests.map(({ priority }) => priority)).toEqual([7, 0]);
});

test('aborting cancels the job and rejects with the reason', async () => {
  const native = standIn(false);
  const controller = new AbortController();
  const pending = preprocessImages(raw(4, 4), new ImageProcessorData(), native, {
    signal: controller.signal,
  });
  while (native.requests.length === 0) await new Promise(setImmediate);
  const reason = new Error('enough');
  controller.abort(reason);
  await expect(pending).rejects.toBe(reason);
  expect(native.cancel).toHaveBeenCalledTimes(1);
});

test('two images of a core are decoded and resized at once, over all calls', async () => {
  const native = standIn(false);
  const controller = new AbortController();
  const most = 2 * availableParallelism();
  const { signal } = controller;
  // Each call reads sixteen at once.
  const calls = Array.from({ length: 1 + Math.ceil(most / 16) }, () =>
    preprocessImages(new Array(16).fill(raw(4, 4)), new ImageProcessorData(), native, { signal }),
  );
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(native.requests).toHaveLength(most);
  const reason = new Error('enough');
  controller.abort(reason);
  for (const each of await Promise.allSettled(calls))
    expect(each).toEqual({ status: 'rejected', reason });
  expect(native.requests).toHaveLength(most);
});
