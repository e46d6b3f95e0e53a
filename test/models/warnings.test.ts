import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  BitConfig,
  BitForImageClassification,
  BitModel,
  inspectModel,
  type LoadOptions,
  Tensor,
} from '../../lib';
import type { NativeSession } from '../../lib/binding/types';
import { Runner, runnerOf } from '../../lib/models/runner';
import { warnOfDevices, warnOfMissing, warnOfModelType } from '../../lib/models/warnings';
import { temporaryFolder } from '../support/temporary';

const folder = temporaryFolder();
const config = new BitConfig({
  embeddingSize: 16,
  hiddenSizes: [32, 64],
  depths: [2, 2],
  numGroups: 4,
});

let warnings: jest.SpyInstance;
beforeAll(async () => {
  await using model = await BitModel.fromConfig(config);
  await model.savePretrained(folder);
});
beforeEach(() => (warnings = jest.spyOn(process, 'emitWarning').mockImplementation()));
afterEach(() => warnings.mockRestore());

async function load(options: LoadOptions = {}): Promise<void> {
  await using model = await BitModel.fromPretrained(folder, options);
  expect(model.dtype).toBe('float32');
}

test('a checkpoint that has all of it loads without a word', async () => {
  await load();
  expect(warnings).not.toHaveBeenCalled();
});

test('weights that start at random are told', async () => {
  await using classifier = await BitForImageClassification.fromPretrained(folder);
  expect(classifier.loadingInfo.missingKeys).toEqual(['classifier.1.weight', 'classifier.1.bias']);
  expect(warnings).toHaveBeenCalledWith(
    expect.stringMatching(
      /lacks classifier\.1\.weight, classifier\.1\.bias; these start at random/,
    ),
    { type: 'BitWarning', code: 'BIT_RANDOM_WEIGHTS' },
  );
});

test('a head of another size starts at random, and is told by name', async () => {
  const three = join(folder, 'three');
  await using trained = await BitForImageClassification.fromConfig(config.with({ numLabels: 3 }));
  await trained.savePretrained(three);
  const options = { numLabels: 7, ignoreMismatchedSizes: true };
  await using fresh = await BitForImageClassification.fromPretrained(three, options);
  expect(fresh.loadingInfo.missingKeys).toEqual([]);
  expect(warnings.mock.calls).toEqual([
    [
      expect.stringMatching(/lacks classifier\.1\.\w+, classifier\.1\.\w+; these start at random/),
      { type: 'BitWarning', code: 'BIT_RANDOM_WEIGHTS' },
    ],
  ]);
});

test('a deeper trunk is told too, in a few names', async () => {
  await load({ depths: [2, 3] });
  expect(warnings).toHaveBeenCalledWith(
    expect.stringMatching(/lacks (\S+, ){2}\S+ and \d+ more;/),
    expect.objectContaining({ code: 'BIT_RANDOM_WEIGHTS' }),
  );
});

test('inspectModel shows what is missing instead', async () => {
  expect((await inspectModel(folder)).loadingInfo.missingKeys).toHaveLength(2);
  expect(warnings).not.toHaveBeenCalled();
});

test('a checkpoint that lacks most of the trunk belongs to another config', async () => {
  await expect(load({ depths: [2, 9] })).rejects.toMatchObject({
    code: 'ERR_BIT_CHECKPOINT',
    message: expect.stringMatching(
      /lacks \d+ of the model's \d+ tensors.*another config|config/,
    ) as string,
  });
});

test('such a checkpoint loads where that is asked for, with a warning', async () => {
  await load({ depths: [2, 9], ignoreMissingKeys: true });
  expect(warnings).toHaveBeenCalledWith(
    expect.stringMatching(/lacks (\S+, ){2}\S+ and \d+ more;/),
    expect.objectContaining({ code: 'BIT_RANDOM_WEIGHTS' }),
  );
  const foreign = join(folder, 'foreign.safetensors');
  const header = '{"conv1.weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'.padEnd(80);
  const size = Buffer.from([header.length, 0, 0, 0, 0, 0, 0, 0]);
  writeFileSync(foreign, Buffer.concat([size, Buffer.from(header), Buffer.alloc(4)]));
  const options = { config, ignoreMissingKeys: true };
  await using all = await BitModel.fromPretrained(foreign, options);
  expect(all.loadingInfo.unexpectedKeys).toEqual(['conv1.weight']);
  await expect(BitModel.fromPretrained(foreign, { config })).rejects.toMatchObject({
    code: 'ERR_BIT_CHECKPOINT',
  });
});

test('the config of another type of model is told', async () => {
  const path = join(folder, 'config.json');
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace('"bit"', '"resnet"'));
  await BitConfig.fromPretrained(folder);
  writeFileSync(path, `\uFEFF${text}`);
  await BitConfig.fromPretrained(folder); // a byte order mark is no reason to refuse it
  expect(warnings.mock.calls).toEqual([
    [
      expect.stringContaining("type 'resnet', not 'bit'"),
      expect.objectContaining({ code: 'BIT_MODEL_TYPE' }),
    ],
  ]);
});

test('more blocks than memory can hold are refused before they are made', () => {
  const depths = [1_000_000, 1_000_000];
  expect(() => config.with({ depths })).toThrow(/at most 10000 blocks/);
});

test('GPUs that failed are told one by one', () => {
  warnOfDevices([]);
  expect(warnings).not.toHaveBeenCalled();
  warnOfDevices(['cuda:1 failed', 'cuda:2 failed']);
  const options = { type: 'BitWarning', code: 'BIT_DEVICE_FAILED' };
  expect(warnings.mock.calls).toEqual([
    ['cuda:1 failed', options],
    ['cuda:2 failed', options],
  ]);
});

test('they are told by the call that saw them fail', async () => {
  await using model = await BitModel.fromConfig(config);
  const { kind, session } = runnerOf(model);
  const seen = [['cuda:1 failed'], undefined];
  const forward: NativeSession['forward'] = (request) => {
    const { promise, cancel } = session.forward(request);
    return { promise: promise.then((result) => ({ ...result, warnings: seen.shift() })), cancel };
  };
  const runner = new Runner(kind, config, { forward } as NativeSession);
  const pixels = Tensor.from(new Float32Array(3 * 20 * 20), [1, 3, 20, 20]);
  const part = () => ({ outputs: { lastHiddenState: true } });
  for (let call = 0; call < 2; call++) await runner.forward(pixels, {}, part);
  expect(warnings.mock.calls).toEqual([
    ['cuda:1 failed', { type: 'BitWarning', code: 'BIT_DEVICE_FAILED' }],
  ]);
});

describe('what starts at random', () => {
  const info = (missing: string[], mismatched: string[] = []) => ({
    missingKeys: missing,
    unexpectedKeys: ['other'],
    mismatchedKeys: mismatched.map((name) => ({ name, checkpointShape: [1], modelShape: [2] })),
  });

  test.each([
    ['one', info(['a']), 'a'],
    ['three', info(['a', 'b'], ['c']), 'a, b, c'],
    ['four', info(['a', 'b', 'c', 'd']), 'a, b, c and 1 more'],
    ['more', info(['a'], ['b', 'c', 'd', 'e', 'f']), 'a, b, c and 3 more'],
  ])('%s', (_, loaded, names) => {
    warnOfMissing('BitModel', 'owner/bit', loaded);
    const words = 'these start at random and need training (see loadingInfo)';
    expect(warnings.mock.calls).toEqual([
      [
        `BitModel: 'owner/bit' lacks ${names}; ${words}`,
        { type: 'BitWarning', code: 'BIT_RANDOM_WEIGHTS' },
      ],
    ]);
  });

  test('nothing: no word of what is in the file beside it', () => {
    warnOfMissing('BitModel', 'owner/bit', info([]));
    expect(warnings).not.toHaveBeenCalled();
  });
});

test.each([
  ['another one', 'resnet', ["x.json is the config of a model of type 'resnet', not 'bit'"]],
  ['no text', 3, ["x.json is the config of a model of type '3', not 'bit'"]],
  ['null', null, ["x.json is the config of a model of type 'null', not 'bit'"]],
  ['the same', 'bit', []],
  ['none', undefined, []],
])('a type of model that is %s', (_, type, messages) => {
  warnOfModelType('x.json', type, 'bit');
  const options = { type: 'BitWarning', code: 'BIT_MODEL_TYPE' };
  expect(warnings.mock.calls).toEqual(messages.map((message) => [message, options]));
});
