// Batches through a model: what runs ahead, and which image is to blame. Processor and model are
// stand-ins here.
import { BitError } from '../../lib/errors';
import { StagedImages } from '../../lib/image/staged';
import { outputsOf } from '../../lib/pipelines/batches';
import { Tensor } from '../../lib/tensor';

async function all<T>(results: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const each of results) list.push(each);
  return list;
}

describe('outputsOf', () => {
  const image = (name: string) => `${name}.png`;
  const images = ['a', 'b', 'c', 'd', 'e'].map(image);

  function standIns(device: string) {
    const asked: unknown[] = [];
    const processor = {
      pixelValues: (given: unknown) => {
        asked.push(['pixelValues', given]);
        return Promise.resolve(Tensor.from(Float32Array.of(1), [1]));
      },
      stage: (given: unknown) => {
        asked.push(['stage', given]);
        return Promise.resolve(new StagedImages([]));
      },
    };
    const model = { device, forward: (inputs: unknown) => Promise.resolve(inputs) };
    return { asked, processor, model };
  }

  test('models on the CPU get pixel values, one batch after the other', async () => {
    const { asked, processor, model } = standIns('cpu');
    const outputs = await all(outputsOf(images, processor, model, { batchSize: 2 }));
    expect(outputs.every((each) => each instanceof Tensor)).toBe(true);
    expect(asked).toEqual([
      ['pixelValues', images.slice(0, 2)],
      ['pixelValues', images.slice(2, 4)],
      ['pixelValues', image('e')],
    ]);
  });

  test.each(['cuda:0', 'cuda:all'])('models on %s get decoded images, ahead', async (device) => {
    const { asked, processor, model } = standIns(device);
    const outputs = outputsOf(images, processor, model, { batchSize: 1 });
    expect((await outputs.next()).value).toBeInstanceOf(StagedImages);
    expect(asked).toEqual(images.slice(0, 3).map((each) => ['stage', each]));
    await outputs.return(undefined);
  });

  test('a bad image is named by its place in the whole list', async () => {
    const { processor, model } = standIns('cuda:0');
    const bad = () => Promise.reject(new BitError('ERR_BIT_IMAGE', 'broken', { index: 1 }));
    const failing = { ...processor, stage: bad };
    await expect(all(outputsOf(images, failing, model, { batchSize: 2 }))).rejects.toMatchObject({
      code: 'ERR_BIT_IMAGE',
      index: 1,
      message: 'Image 1 of 5: broken',
    });
  });

  test('a bad image alone has its place where it is a list, and none where it is an image', async () => {
    const { processor, model } = standIns('cpu');
    const bad = () => Promise.reject(new BitError('ERR_BIT_IMAGE', 'broken'));
    const failing = { ...processor, pixelValues: bad };
    const error = (given: string | string[]) =>
      all(outputsOf(given, failing, model, { batchSize: 2 })).catch((e: unknown) => e);
    expect(await error(['a.png'])).toMatchObject({ index: 0, message: 'Image 0 of 1: broken' });
    expect(await error('a.png')).toMatchObject({ message: 'broken' });
    expect(await error('a.png')).not.toHaveProperty('index');
  });

  test('what is asked of a call reaches the processor, and the model its part of it', async () => {
    const { processor, model } = standIns('cuda:0');
    const stage = jest.spyOn(processor, 'stage');
    const pixelValues = jest.spyOn(processor, 'pixelValues');
    const forward = jest.spyOn(model, 'forward');
    const call = { priority: 3, timeoutMs: 40, imageProcessorKwargs: { doResize: false } };
    const options = { ...call, batchSize: 8, gpuDecode: true };
    const signal = expect.any(AbortSignal) as AbortSignal;
    const asked = { priority: 3, timeoutMs: 40, doResize: false, signal };
    await all(outputsOf(images, processor, model, options));
    expect(stage.mock.calls).toEqual([[images, { ...asked, gpuDecode: true }]]);
    await all(outputsOf(images, processor, { ...model, device: 'cpu' }, options));
    expect(pixelValues.mock.calls).toEqual([[images, asked]]);
    for (const [, given] of forward.mock.calls as unknown[][])
      expect(given).toEqual({ signal, priority: 3 });
  });

  test('what is not about an image stays as it is, in lists too', async () => {
    const { processor, model } = standIns('cpu');
    for (const reason of [new BitError('ERR_BIT_DEVICE', 'gone'), new Error('enough')]) {
      const failing = { ...processor, pixelValues: () => Promise.reject(reason) };
      await expect(all(outputsOf(images, failing, model, { batchSize: 2 }))).rejects.toBe(reason);
    }
  });

  test('a size of a batch that is none is about the image that does not fit', async () => {
    const { processor, model } = standIns('cpu');
    let count = 0;
    const odd = () =>
      count++ === 0
        ? Promise.resolve(Tensor.from(Float32Array.of(1), [1]))
        : Promise.reject(new BitError('ERR_BIT_SHAPE', 'odd', { index: 1 }));
    const failing = { ...processor, pixelValues: odd };
    await expect(all(outputsOf(images, failing, model, { batchSize: 2 }))).rejects.toMatchObject({
      code: 'ERR_BIT_SHAPE',
      index: 3,
      message: 'Image 3 of 5: odd',
    });
  });

  test('no images', () => {
    const { processor, model } = standIns('cpu');
    expect(() => outputsOf([], processor, model, { batchSize: 2 })).toThrow('at least one image');
  });
});
