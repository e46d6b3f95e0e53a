// settled(): each image for itself, on the CPU and, with stand-ins, on a GPU.
import { join } from 'node:path';
import { type ImageInput, pipeline, type Settled } from '../../lib';
import { BitError } from '../../lib/errors';
import { HeldImage } from '../../lib/image/input';
import { StagedImages } from '../../lib/image/staged';
import type { BatchOptions } from '../../lib/pipelines/batches';
import { settledOf } from '../../lib/pipelines/settled';
import { ROOT } from '../support/child';

const CAT = join(ROOT, 'examples', 'pictures', 'cat.jpg');
const BOAT = join(ROOT, 'examples', 'pictures', 'boat.jpg');

async function all<T>(results: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const each of results) list.push(each);
  return list;
}

describe('a pipeline on the CPU', () => {
  const raw = (channels: number) => ({
    data: new Uint8Array(64 * 64 * channels),
    width: 64,
    height: 64,
    channels,
  });

  test('gives what calls with one image give, in order, and sets aside what fails', async () => {
    await using classify = await pipeline('image-classification', null, { topK: 2 });
    const images = [CAT, 'none.png', raw(3), Buffer.from('no picture'), CAT];
    const settled = await all(classify.settled(images, { batchSize: 2 }));
    expect(settled.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4]);
    const [cat, none, grey, broken, again] = settled;
    expect(cat?.result).toEqual(await classify(CAT));
    expect(again?.result).toEqual(cat?.result);
    expect(grey?.result).toHaveLength(2);
    for (const each of [none, broken]) {
      expect(each).toMatchObject({ error: { name: 'BitError', code: 'ERR_BIT_IMAGE' } });
      expect(each?.error?.message).toMatch(/^Cannot read/);
    }
  });

  test('what it is asked for of pictures counts', async () => {
    await using classify = await pipeline('image-classification', null, { topK: 2 });
    const imageProcessorKwargs = { doCenterCrop: false, size: { height: 40, width: 60 } };
    const [one] = await all(classify.settled([CAT], { imageProcessorKwargs }));
    expect(one?.result).toEqual(await classify(CAT, { imageProcessorKwargs }));
    expect(one?.result).not.toEqual(await classify(CAT));
  });

  test('features, of a stream whose buffer is filled anew', async () => {
    await using embed = await pipeline('image-feature-extraction', null, { pool: true });
    const buffer = raw(3);
    async function* camera() {
      for (const level of [10, 200, 90]) {
        buffer.data.fill(level);
        yield buffer;
      }
    }
    const features = (await all(embed.settled(camera()))).map(({ result }) => result);
    for (const [i, level] of [10, 200, 90].entries()) {
      const alone = await embed({ ...raw(3), data: raw(3).data.fill(level) });
      expect(features[i]?.shape).toEqual(alone.shape);
      expect(features[i]?.data).toEqual(alone.data);
    }
  });

  test('what is no list of images, wrong options, and no images', async () => {
    await using classify = await pipeline('image-classification');
    for (const wrong of [CAT, Buffer.from('x'), 3, null, {}])
      await expect(all(classify.settled(wrong as never))).rejects.toMatchObject({
        code: 'ERR_BIT_IMAGE',
        message: expect.stringContaining('iterable of images for images') as string,
      });
    await expect(all(classify.settled([CAT], { topk: 1 } as never))).rejects.toMatchObject({
      code: 'ERR_BIT_CONFIG',
    });
    expect(await all(classify.settled([]))).toEqual([]);
  });

  test('an aborted signal and dispose() end it', async () => {
    const classify = await pipeline('image-classification');
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    await expect(all(classify.settled([CAT], { signal }))).rejects.toBe(reason);
    const running = classify.settled(new Array<string>(500).fill(CAT));
    expect((await running.next()).value).toMatchObject({ index: 0 });
    await classify.dispose();
    await expect(running.next()).rejects.toMatchObject({ code: 'ERR_BIT_DISPOSED' });
    await expect(all(classify.settled([CAT]))).rejects.toMatchObject({ code: 'ERR_BIT_DISPOSED' });
  });
});

describe('a model on a GPU', () => {
  const broken = new BitError('ERR_BIT_IMAGE', 'broken');

  /** Images are texts: w4 is as wide as 4, x cannot be read, j is what only a GPU finds broken. */
  function standIns() {
    const staged: string[] = [];
    const forwards: string[][] = [];
    const textOf = (image: unknown) => (image as HeldImage).source as string;
    const processor = {
      pixelValues: () => Promise.reject(new Error('not for a GPU')),
      stage: async (image: unknown) => {
        const text = textOf(image);
        staged.push(text);
        if (text.startsWith('x')) throw broken;
        if (text.startsWith('m')) throw new BitError('ERR_BIT_OUT_OF_MEMORY', 'too much');
        const width = Number(/^w(\d)/.exec(text)?.[1] ?? 1);
        return new StagedImages([{ shape: [1, 3, 1, width], text }] as never);
      },
    };
    const model = {
      device: 'cuda:0',
      forward: async (inputs: unknown) => {
        const texts = (inputs as { pictures: { text: string }[] }).pictures.map(({ text }) => text);
        forwards.push(texts);
        await new Promise((resolve) => setImmediate(resolve));
        if (texts.some((text) => text.startsWith('j'))) throw broken;
        return texts;
      },
    };
    const run = (
      images: Iterable<ImageInput>,
      batchSize: number,
      gpuDecode = false,
      rest: Partial<BatchOptions> = {},
    ) =>
      settledOf(images, {
        processor,
        model,
        options: { batchSize, gpuDecode, ...rest },
        resultsOf: (texts) => texts.map((text) => text.toUpperCase()),
      });
    return { staged, forwards, processor, model, run };
  }

  const told = (settled: Settled<string>[]) =>
    settled.map(({ index, result, error }) => `${index} ${result ?? error?.message}`);

  test('batches go through the network in one call, without those that fail', async () => {
    const { staged, forwards, run } = standIns();
    const images = ['a', 'x1', 'b', 'c', 'd', 'x2'];
    expect(told(await all(run(images, 3)))).toEqual([
      '0 A',
      '1 broken',
      '2 B',
      '3 C',
      '4 D',
      '5 broken',
    ]);
    expect(staged).toEqual(images);
    expect(forwards).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  test('pictures of other sizes go in calls of their own', async () => {
    const { forwards, run } = standIns();
    expect(told(await all(run(['w4', 'w5', 'w4'], 4)))).toEqual(['0 W4', '1 W5', '2 W4']);
    expect(forwards).toEqual([['w4', 'w4'], ['w5']]);
  });

  test('two batches are decoded ahead, however many there are', async () => {
    const { staged, run } = standIns();
    const results = run(new Array<string>(100).fill('a'), 2);
    await results.next();
    expect(staged).toHaveLength(6);
    await results.return();
    expect(staged).toHaveLength(6);
  });

  test('a JPEG that the GPU finds broken is told apart', async () => {
    const { forwards, run } = standIns();
    expect(told(await all(run(['a', 'j', 'b'], 3, true)))).toEqual(['0 A', '1 broken', '2 B']);
    expect(forwards).toEqual([['a', 'j', 'b'], ['a'], ['j'], ['b']]);
  });

  test('what is wrong with all of a batch is told of each, and nothing is tried again', async () => {
    const { forwards, model, run } = standIns();
    const odd = new BitError('ERR_BIT_SHAPE', 'of another shape');
    const forward = jest.spyOn(model, 'forward').mockRejectedValue(odd);
    const settled = await all(run(['a', 'b'], 2));
    expect(settled).toEqual([
      { index: 0, error: odd },
      { index: 1, error: odd },
    ]);
    expect([forward.mock.calls.length, forwards]).toEqual([1, []]);
  });

  test('what is asked of pictures, and of the model, goes along', async () => {
    const { processor, model, run } = standIns();
    const stage = jest.spyOn(processor, 'stage');
    const forward = jest.spyOn(model, 'forward');
    const { signal } = new AbortController();
    const imageProcessorKwargs = { doNormalize: false };
    const asked = { priority: 3, timeoutMs: 40 };
    await all(run(['a', 'b'], 2, true, { ...asked, imageProcessorKwargs, signal }));
    const stopped = expect.any(AbortSignal) as AbortSignal;
    const settings = { ...imageProcessorKwargs, ...asked, gpuDecode: true, signal: stopped };
    for (const [, given] of stage.mock.calls as unknown[][]) expect(given).toStrictEqual(settings);
    expect(stage).toHaveBeenCalledTimes(2);
    const options = (forward.mock.calls as unknown[][]).map(([, given]) => given);
    expect(options).toStrictEqual([{ signal: stopped, priority: 3 }]);
  });

  test('what is about no image ends it', async () => {
    const { run } = standIns();
    await expect(all(run(['a', 'm', 'b'], 1))).rejects.toMatchObject({
      code: 'ERR_BIT_OUT_OF_MEMORY',
    });
  });
});

test('on the CPU too what is asked of pictures, and of the model, goes along', async () => {
  const pixelValues = jest.fn(async () => 'pixels' as never);
  const forward = jest.fn(async () => ['A']);
  const work = {
    processor: { pixelValues, stage: () => Promise.reject(new Error('for GPUs')) },
    model: { device: 'cpu', forward },
    resultsOf: (results: string[]) => results,
  };
  const asked = { priority: 3, timeoutMs: 40 };
  const imageProcessorKwargs = { doNormalize: false };
  const options = { batchSize: 2, ...asked, gpuDecode: true, imageProcessorKwargs };
  expect(await all(settledOf(['a'], { ...work, options }))).toEqual([{ index: 0, result: 'A' }]);
  const signal = expect.any(AbortSignal) as AbortSignal;
  const settings = { ...imageProcessorKwargs, ...asked, signal };
  expect(pixelValues.mock.calls).toStrictEqual([[expect.any(HeldImage), settings]]);
  expect(forward.mock.calls).toStrictEqual([['pixels', { signal, priority: 3 }]]);
});

test('pictures of other sizes run on the CPU as well', async () => {
  await using embed = await pipeline('image-feature-extraction', null, {
    imageProcessorKwargs: { doCenterCrop: false, doResize: false },
    pool: true,
  });
  const settled = await all(embed.settled([CAT, BOAT, 'none.png']));
  expect(settled.map(({ error }) => error?.code)).toEqual([undefined, undefined, 'ERR_BIT_IMAGE']);
});
