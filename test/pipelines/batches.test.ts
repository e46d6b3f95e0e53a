// Batches through a model: what runs ahead, and which image is to blame. Processor and model are
// stand-ins here.
import { BitError } from '../../lib/errors';
import { StagedImages } from '../../lib/image/staged';
import { inOrder, outputsOf } from '../../lib/pipelines/batches';
import { Tensor } from '../../lib/tensor';

async function all<T>(results: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const each of results) list.push(each);
  return list;
}

const tick = () => new Promise((resolve) => setImmediate(resolve));

describe('inOrder', () => {
  /** Runs that end when they are told to, and the most that were under way together. */
  function runs() {
    const state = { started: [] as number[], ended: 0, most: 0 };
    const run = async (index: number) => {
      state.started.push(index);
      state.most = Math.max(state.most, state.started.length - state.ended);
      await tick();
      // The later ones end sooner.
      if (index % 2 === 0) await tick();
      state.ended++;
      return index * 10;
    };
    return { state, run };
  }

  test.each([0, 1, 2, 9])('gives results in order with %d ahead', async (ahead) => {
    const { state, run } = runs();
    expect(await all(inOrder(5, run, ahead))).toEqual([0, 10, 20, 30, 40]);
    expect(state.started).toEqual([0, 1, 2, 3, 4]);
    expect(state.most).toBe(Math.min(ahead + 1, 5));
  });

  test('throws the first failure in order, when what was started has ended', async () => {
    let ended = 0;
    const run = async (index: number) => {
      await tick();
      if (index === 2) await tick();
      ended++;
      if (index >= 1) throw new Error(`run ${index}`);
    };
    await expect(all(inOrder(9, run, 2))).rejects.toThrow('run 1');
    expect(ended).toBe(4);
  });
});

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

  test('no images', () => {
    const { processor, model } = standIns('cpu');
    expect(() => outputsOf([], processor, model, { batchSize: 2 })).toThrow('at least one image');
  });
});
