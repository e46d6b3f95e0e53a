// One rule for the options of every call: known ones work, unknown ones are named.
import {
  BitBackbone,
  BitConfig,
  BitForImageClassification,
  BitImageProcessor,
  BitModel,
  inspectModel,
  libtorch,
  pipeline,
  Tensor,
} from '../../lib';

const MINI = 'bit-mini-scenes';
const config = new BitConfig({ depths: [1], hiddenSizes: [128] });
const pixels = Tensor.from(new Float32Array(3 * 32 * 32), [1, 3, 32, 32]);
const model = BitModel.fromConfig(config);
afterAll(async () => (await model).dispose());

const CALLS: Record<string, (options: object) => Promise<unknown>> = {
  'BitConfig.fromPretrained': (options) => BitConfig.fromPretrained(MINI, options),
  'BitImageProcessor.fromPretrained': (options) => BitImageProcessor.fromPretrained(MINI, options),
  'BitModel.fromPretrained': (options) => BitModel.fromPretrained(MINI, options),
  'BitForImageClassification.fromPretrained': (options) =>
    BitForImageClassification.fromPretrained(MINI, options),
  'BitBackbone.fromPretrained': (options) => BitBackbone.fromPretrained(MINI, options),
  'BitModel.fromConfig': (options) => BitModel.fromConfig(config, options),
  inspectModel: (options) => inspectModel(MINI, options),
  pipeline: (options) => pipeline('image-classification', MINI, options),
  preprocess: (options) =>
    new BitImageProcessor().preprocess(
      { data: new Uint8Array(12), width: 2, height: 2, channels: 3 },
      options,
    ),
  forward: async (options) => (await model).forward(pixels, options),
  'forward({ pixelValues })': async (options) =>
    (await model).forward({ pixelValues: pixels, ...options }),
  profile: async (options) => (await model).profile(pixels, options),
  dispose: async (options) => (await BitModel.fromConfig(config)).dispose(options),
  'libtorch.findLibtorch': async (options) => libtorch.findLibtorch(options),
  'libtorch.libtorchNotFound': async (options) => libtorch.libtorchNotFound([], options),
  'libtorch.inspectDirectory': async (options) => libtorch.inspectDirectory('/', options),
  'libtorch.fetchLibtorch': (options) => libtorch.fetchLibtorch(options),
  'libtorch.removeLibtorch': (options) => libtorch.removeLibtorch(options),
};

test.each(Object.keys(CALLS))('%s names an option that it does not know', async (name) => {
  const call = CALLS[name] as (typeof CALLS)[string];
  await expect(call({ notAnOption: 1 })).rejects.toMatchObject({
    code: 'ERR_BIT_CONFIG',
    message: expect.stringMatching(
      /^Unknown (option|field) 'notAnOption'; the \1s are \w+/,
    ) as string,
  });
});

test.each([
  ['BitImageProcessor.fromPretrained', { sise: 42 }, 'size'],
  ['BitModel.fromPretrained', { outputHiddenState: true }, 'outputHiddenStates'],
  ['BitForImageClassification.fromPretrained', { depth: [1] }, 'depths'],
  ['BitConfig.fromPretrained', { num_labels: 5 }, 'numLabels'],
  ['pipeline', { top_k: 5 }, null],
  ['pipeline', { dytpe: 'bfloat16' }, 'dtype'],
  ['preprocess', { doRezise: false }, 'doResize'],
])('%s(%j) suggests %s', async (name, options, meant) => {
  const call = CALLS[name] as (typeof CALLS)[string];
  const words = meant === null ? 'Unknown option' : `(did you mean '${meant}'?)`;
  await expect(call(options)).rejects.toThrow(words);
});

test('fields given to fromPretrained replace those of the file, as in transformers', async () => {
  const found = await BitConfig.fromPretrained(MINI, { numLabels: 5, hiddenAct: undefined });
  expect([found.numLabels, found.id2label[4], found.hiddenAct]).toEqual([5, 'LABEL_4', 'relu']);
  const processor = await BitImageProcessor.fromPretrained(MINI, { size: { shortestEdge: 42 } });
  expect(processor.size).toEqual({ shortestEdge: 42 });
  await expect(BitImageProcessor.fromPretrained(MINI, { resample: 9 as 3 })).rejects.toThrow(
    'resample',
  );
});

test('an override that is undefined leaves the processor as it is', async () => {
  const processor = new BitImageProcessor({ doResize: false, doCenterCrop: false });
  const image = { data: new Uint8Array(5 * 7 * 3), width: 7, height: 5, channels: 3 } as const;
  const { pixelValues } = await processor.preprocess(image, {
    doResize: undefined,
    doCenterCrop: undefined,
    priority: undefined,
    device: undefined,
  });
  expect(pixelValues.shape).toEqual([1, 3, 5, 7]);
});
