// Handles, opened by the thread that shares them: what they hold, and which class takes which. Other threads
// are in test/binding/sharing.test.ts.
import {
  BitBackbone,
  BitConfig,
  BitForImageClassification,
  BitModel,
  Tensor,
  type SharedModel,
} from '../../lib';

const config = new BitConfig({
  embeddingSize: 8,
  hiddenSizes: [16, 24],
  depths: [1, 1],
  numGroups: 4,
  numLabels: 3,
  outFeatures: ['stage1', 'stage2'],
});
const pixels = Tensor.from(new Float32Array(3 * 32 * 32).fill(0.5), [1, 3, 32, 32]);
const classes = { BitBackbone, BitForImageClassification, BitModel };
const names = Object.keys(classes) as (keyof typeof classes)[];

test.each(names)(
  'a %s opens what it shares: the same answers, and a life of its own',
  async (name) => {
    const model = await classes[name].fromConfig(config, { seed: 1 });
    const handle = model.share();
    expect(handle).toMatchObject({
      architecture: name,
      process: process.pid,
      token: expect.any(String) as string,
    });
    expect(structuredClone(handle)).toEqual(handle);
    await using opened = await classes[name].fromShared(handle);
    expect(opened).toBeInstanceOf(classes[name]);
    expect(opened.config.toJSON()).toEqual(model.config.toJSON());
    expect([opened.device, opened.dtype]).toEqual([model.device, model.dtype]);
    const expected = await model.forward(pixels);
    await model.dispose();
    expect(await opened.forward(pixels)).toEqual(expected);
  },
);

test('a backbone shares which maps it returns', async () => {
  await using model = await BitBackbone.fromConfig(config);
  model.outFeatures = ['stem', 'stage2'];
  await using opened = await BitBackbone.fromShared(model.share());
  expect(opened.outFeatures).toEqual(['stem', 'stage2']);
  model.outFeatures = ['stage1'];
  expect(opened.outFeatures).toEqual(['stem', 'stage2']);
});

describe('a handle is refused', () => {
  let model: BitModel;
  let handle: SharedModel;
  beforeAll(async () => {
    model = await BitModel.fromConfig(config);
    handle = model.share();
  });
  afterAll(() => model.dispose());

  const refused = (message: string) => ({ name: 'BitError', code: 'ERR_BIT_CONFIG', message });

  test.each([
    [null, 'null'],
    [undefined, 'undefined'],
    ['token', "'token'"],
    [{}, '{}'],
    [{ token: 0.5 }, '{"token":0.5}'],
  ])('that is none: %p', async (wrong, shown) => {
    const message = `Expected what model.share() returned for handle but received ${shown}`;
    for (const name of names)
      await expect(classes[name].fromShared(wrong as never)).rejects.toMatchObject(
        refused(message),
      );
  });

  test('of another process', async () => {
    const words =
      'The model was shared in another process: weights are shared between threads of one process';
    const other = { ...handle, process: process.pid + 1 };
    await expect(BitModel.fromShared(other)).rejects.toMatchObject(refused(words));
  });

  test('of another class, whatever it says of itself', async () => {
    const message = (name: string) =>
      `Expected a handle of ${name} for handle but received 'BitModel'`;
    for (const name of ['BitBackbone', 'BitForImageClassification'] as const)
      for (const given of [handle, { ...handle, architecture: name }])
        await expect(classes[name].fromShared(given)).rejects.toMatchObject(refused(message(name)));
    const renamed = { ...handle, architecture: 'BitBackbone' };
    await expect(BitModel.fromShared(renamed)).rejects.toMatchObject(refused(message('BitModel')));
    // What was opened to look is let go: the model is the only one, and goes on.
    await using opened = await BitModel.fromShared(handle);
    expect((await opened.forward(pixels)).poolerOutput.shape).toEqual([1, 24, 1, 1]);
  });

  test('once no model holds its weights', async () => {
    const gone = await BitModel.fromConfig(config);
    const last = gone.share();
    await expect(
      BitBackbone.fromShared({ ...last, architecture: 'BitBackbone' }),
    ).rejects.toMatchObject({ code: 'ERR_BIT_CONFIG' });
    await gone.dispose();
    const disposed = { name: 'BitError', code: 'ERR_BIT_DISPOSED' };
    await expect(BitModel.fromShared(last)).rejects.toMatchObject(disposed);
    expect(() => gone.share()).toThrow(expect.objectContaining(disposed) as Error);
  });
});
