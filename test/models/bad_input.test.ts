import { totalmem } from 'node:os';
import {
  BitBackbone,
  BitConfig,
  BitForImageClassification,
  BitImageProcessor,
  BitModel,
  Tensor,
  inspectModel,
  pipeline,
  type LoadOptions,
  type ModelOptions,
} from '../../lib';

const config = new BitConfig({
  embeddingSize: 16,
  hiddenSizes: [32, 64],
  depths: [1, 1],
  numGroups: 4,
});
const zeros = (...shape: number[]) =>
  Tensor.from(new Float32Array(shape.reduce((product, size) => product * size, 1)), shape);

let model: BitForImageClassification;
beforeAll(async () => (model = await BitForImageClassification.fromConfig(config)));
afterAll(() => model.dispose());
afterEach(async () => {
  // Whatever was refused, the model goes on.
  expect((await model.forward(zeros(1, 3, 20, 20))).logits.shape).toEqual([1, 2]);
});

describe('forward refuses with ERR_BIT_SHAPE', () => {
  test.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /pixelValues.*undefined/],
    ['null', null, /pixelValues.*null/],
    ['a number', 3, /pixelValues.*3/],
    ['nested arrays', [[[[1]]]], /pixelValues/],
    ['three dimensions', zeros(3, 20, 20), /\[N, 3, H, W\].*\[3, 20, 20\]/],
    ['five dimensions', zeros(1, 1, 3, 20, 20), /\[1, 1, 3, 20, 20\]/],
    ['four channels', zeros(1, 4, 20, 20), /\[N, 3, H, W\].*\[1, 4, 20, 20\]/],
    ['an empty batch', zeros(0, 3, 20, 20), /\[0, 3, 20, 20\]/],
    ['no rows', zeros(1, 3, 0, 20), /\[1, 3, 0, 20\]/],
    ['bytes', Tensor.from(new Uint8Array(300), [1, 3, 10, 10]), /whole numbers/],
    ['integers', Tensor.from(new BigInt64Array(300), [1, 3, 10, 10]), /whole numbers/],
    ['data and dims that disagree', { data: new Float32Array(5), dims: [1, 3, 2, 2] }, /5/],
  ])('%s', async (_, input, words) => {
    await expect(model.forward(input as Tensor)).rejects.toMatchObject({
      name: 'BitError',
      code: 'ERR_BIT_SHAPE',
      message: expect.stringMatching(words) as string,
    });
  });

  test.each<[string, unknown, RegExp]>([
    ['labels for another batch', [0, 1], /per image.*\[2\]/],
    ['a class that is not there', [2], /Label 2 .* 0 to 1/],
    ['a negative class', [-1], /Label -1 .* 0 to 1/],
    ['probabilities in another shape', [[1, 0, 0]], /as wide as the logits.*\[1, 3\]/],
    ['words', ['cat'], /labels/],
    ['big integers', [1n], /numbers for labels.*1n/],
    ['holes', new Array<number>(1), /labels/],
  ])('%s', async (_, labels, words) => {
    const inputs = { pixelValues: zeros(1, 3, 20, 20), labels: labels as number[] };
    await expect(model.forward(inputs)).rejects.toMatchObject({
      code: 'ERR_BIT_SHAPE',
      message: expect.stringMatching(words) as string,
    });
  });

  test('an image too small for VALID padding', async () => {
    const valid = new BitConfig({ ...fieldsOf(config), globalPadding: 'VALID' });
    await using strict = await BitModel.fromConfig(valid);
    await expect(strict.forward(zeros(1, 3, 1, 1))).rejects.toMatchObject({
      code: 'ERR_BIT_SHAPE',
    });
  });
});

describe('forward takes', () => {
  test('an image of one pixel', async () => {
    expect((await model.forward(zeros(1, 3, 1, 1))).logits.shape).toEqual([1, 2]);
  });

  test("onnxruntime's tensors, and float16 and bfloat16 bits", async () => {
    const ones = new Float32Array(3 * 16 * 16).fill(1);
    const expected = (await model.forward(Tensor.from(ones, [1, 3, 16, 16]))).logits.data;
    const like = { data: ones, dims: [1, 3, 16, 16], type: 'float32' };
    expect((await model.forward(like)).logits.data).toEqual(expected);
    for (const [dtype, one] of [
      ['float16', 0x3c00],
      ['bfloat16', 0x3f80],
    ] as const) {
      const bits = new Uint16Array(ones.length).fill(one);
      const input = Tensor.from(bits, [1, 3, 16, 16], dtype);
      expect((await model.forward(input)).logits.data).toEqual(expected);
    }
  });

  test('what is not a number, which then comes out', async () => {
    const input = zeros(1, 3, 20, 20);
    input.data[0] = NaN;
    const { logits } = await model.forward(input);
    expect([...(logits.data as Float32Array)].every(Number.isNaN)).toBe(true);
  });
});

test('memory that threads share is read all the same', async () => {
  const shared = new Float32Array(new SharedArrayBuffer(4 * 3 * 64)).fill(1);
  const plain = Tensor.from(Float32Array.from(shared), [1, 3, 8, 8]);
  const { logits } = await model.forward(Tensor.from(shared, [1, 3, 8, 8]));
  expect(logits.data).toEqual((await model.forward(plain)).logits.data);
  const bytes = new Uint8Array(new SharedArrayBuffer(4)).fill(200);
  const processor = new BitImageProcessor();
  const image = { data: bytes, width: 2, height: 2, channels: 1 };
  const copy = { ...image, data: Uint8Array.from(bytes) };
  expect(await processor.preprocess(image)).toEqual(await processor.preprocess(copy));
});

describe('options', () => {
  test.each<[unknown, string, RegExp]>([
    [{ device: 'tpu' }, 'ERR_BIT_DEVICE', /device.*'tpu'/],
    [{ device: 'cuda:63' }, 'ERR_BIT_DEVICE', /cuda:63/],
    [{ device: 'cuda:none' }, 'ERR_BIT_DEVICE', /'cuda:all'/],
    [{ allowTf32: 1 }, 'ERR_BIT_CONFIG', /allowTf32/],
    [{ dtype: 'int8' }, 'ERR_BIT_CONFIG', /dtype.*'int8'/],
    [{ threads: -1 }, 'ERR_BIT_CONFIG', /threads.*-1/],
    [{ threads: 0 }, 'ERR_BIT_CONFIG', /threads.*0/],
    [7, 'ERR_BIT_CONFIG', /options.*7/],
    [{ threads: 1.5 }, 'ERR_BIT_CONFIG', /threads.*1\.5/],
    [{ seed: -1 }, 'ERR_BIT_CONFIG', /seed.*-1/],
    [{ seed: 0.5 }, 'ERR_BIT_CONFIG', /seed.*0\.5/],
  ])('%j is refused', async (options, code, words) => {
    await expect(BitModel.fromConfig(config, options as ModelOptions)).rejects.toMatchObject({
      name: 'BitError',
      code,
      message: expect.stringMatching(words) as string,
    });
  });

  test('a config that is none', async () => {
    await expect(BitBackbone.fromConfig({} as BitConfig)).rejects.toMatchObject({
      code: 'ERR_BIT_CONFIG',
    });
  });

  test('more memory than there is', async () => {
    const input = { data: new Float32Array(3), dims: [1, 3, 1, 1] };
    const wide = new BitConfig({ ...fieldsOf(config), hiddenSizes: [1_000_000, 1_000_000] });
    await expect(BitModel.fromConfig(wide).then((m) => m.forward(input))).rejects.toMatchObject({
      code: 'ERR_BIT_OUT_OF_MEMORY',
    });
  });

  test('weights that this machine cannot hold, before they are drawn', async () => {
    const hiddenSizes = [4, 16 * Math.ceil(Math.sqrt(totalmem()) / 8)];
    const vast = new BitConfig({ ...fieldsOf(config), hiddenSizes });
    await expect(BitModel.fromConfig(vast)).rejects.toMatchObject({
      code: 'ERR_BIT_OUT_OF_MEMORY',
      message: expect.stringContaining('this machine has') as string,
    });
  });
});

function fieldsOf({ embeddingSize, hiddenSizes, depths, numGroups }: BitConfig) {
  return { embeddingSize, hiddenSizes, depths, numGroups };
}

describe('options that are none', () => {
  const pixels = zeros(1, 3, 8, 8);
  const processor = new BitImageProcessor();
  const grey = { data: new Uint8Array(4), width: 2, height: 2, channels: 1 };

  test.each(['now', 7, {}, null])('signal %p is refused everywhere', async (signal) => {
    const options = { signal: signal as never };
    const refusal = {
      code: 'ERR_BIT_CONFIG',
      message: expect.stringContaining('an AbortSignal for signal') as string,
    };
    await using model = await BitModel.fromConfig(config);
    await expect(model.forward(pixels, options)).rejects.toMatchObject(refusal);
    await expect(model.profile(pixels, options)).rejects.toMatchObject(refusal);
    await expect(processor.preprocess(grey, options)).rejects.toMatchObject(refusal);
    await expect(BitModel.fromPretrained('some/model', options)).rejects.toMatchObject(refusal);
  });

  test('null stands for none', async () => {
    await using model = await BitModel.fromConfig(config, null as never);
    const source = 'bit-mini-scenes';
    expect((await BitConfig.fromPretrained(source, null as never)).numChannels).toBe(3);
    expect((await BitImageProcessor.fromPretrained(source, null as never)).doResize).toBe(true);
    expect((await inspectModel(source, null as never)).parameters).toBeGreaterThan(0);
    await using classify = await pipeline('image-classification', null, null as never);
    expect(await classify(grey, null as never)).toHaveLength(5);
    await expect(model.forward(pixels, null as never)).resolves.toHaveProperty('poolerOutput');
    await expect(processor.preprocess(grey, null as never)).resolves.toHaveProperty('pixelValues');
  });

  test.each<[string, () => Promise<unknown>, string]>([
    [
      'fastDecode',
      () => processor.preprocess(grey, { fastDecode: 'yes' as never }),
      'true or false',
    ],
    ['priority', () => processor.preprocess(grey, { priority: 0.5 }), 'an integer'],
    [
      'signal',
      () => model.forward(pixels, { signal: { throwIfAborted, addEventListener } as never }),
      'an AbortSignal',
    ],
    ['device', () => processor.preprocess(grey, { device: 'gpu' as never }), "'cuda:all'"],
    [
      'outputHiddenStates',
      () => model.forward(pixels, { outputHiddenStates: 1 as never }),
      'true or',
    ],
    ['ignoreMismatchedSizes', () => load({ ignoreMismatchedSizes: 'yes' }), 'true or false'],
    ['config', () => load({ config: {} }), 'a BitConfig'],
    ['cacheDir', () => load({ cacheDir: 3 }), 'a string'],
    ['onProgress', () => load({ onProgress: true }), 'a function'],
    ['size', () => inspectModel('bit-mini-scenes', { size: -1 }), 'from 1 to 16383'],
    ['size', () => inspectModel('bit-mini-scenes', { size: 'a' as never }), 'from 1 to 16383'],
    ['directory', () => model.savePretrained(undefined as never), 'a path'],
    ['directory', () => processor.savePretrained(3 as never), 'a path'],
    ['directory', () => config.savePretrained(''), 'a path'],
  ])('a wrong %s', async (name, call, expected) => {
    await expect(call()).rejects.toMatchObject({
      name: 'BitError',
      code: name === 'device' ? 'ERR_BIT_DEVICE' : 'ERR_BIT_CONFIG',
      message: expect.stringMatching(`${expected}.* for ${name} `) as string,
    });
  });

  const load = (options: object) =>
    BitModel.fromPretrained('bit-mini-scenes', options as LoadOptions);
  /** All that some signals have; without the way to be rid of a listener calls could not end. */
  const throwIfAborted = () => undefined;
  const addEventListener = () => undefined;

  test('new BitModel() says how models are made', () => {
    const Constructor = BitModel as unknown as new () => BitModel;
    expect(() => new Constructor()).toThrow(/BitModel\.fromPretrained/);
  });
});
