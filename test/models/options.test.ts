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
import { checkDevice, checkSeed, isDevice } from '../../lib/config/model_options';

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

test.each(['auto', 'cpu', 'cuda', 'cuda:0', 'cuda:12', 'cuda:all'])('%p is a device', (name) => {
  expect(isDevice(name)).toBe(true);
  expect(checkDevice(name)).toBe(name);
});

test.each(['', 'xcpu', 'cpux', 'cpu:0', 'cuda:', 'cuda:x', 'cuda:1x', 'cuda:-1', ['cpu'], 0, null])(
  '%p is none',
  (value) => {
    expect(isDevice(value)).toBe(false);
    expect(() => checkDevice(value)).toThrow(
      expect.objectContaining({ code: 'ERR_BIT_DEVICE' }) as Error,
    );
  },
);

test('a device and a seed that are not given have defaults', () => {
  expect([checkDevice(), checkSeed()]).toEqual(['auto', 0]);
});

test.each([0, 1, 2 ** 53 - 1])('%p is a seed', (seed) => {
  expect(checkSeed(seed)).toBe(seed);
});

test.each([-1, 0.5, 2 ** 53, NaN, Infinity, '3', null])('%p is no seed', (seed) => {
  expect(() => checkSeed(seed as number)).toThrow(
    'Expected an integer from 0 to 9007199254740991 for seed',
  );
});

test.each([[[]], [['2.13', 3]], [3], [null]])('%p is no version of libtorch', (version) => {
  expect(() => libtorch.libtorchNotFound([], { version: version as never })).toThrow(
    'Expected a string or a non-empty array of strings for version',
  );
});
