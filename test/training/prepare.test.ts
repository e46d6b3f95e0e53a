// From what a caller gives to what a run is to do.
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { BitConfig, BitImageProcessor, type Dataset, type FineTuneOptions } from '../../lib';
import { prepareRun } from '../../lib/training/prepare';
import { failure } from '../support/queue';
import { temporaryFolder } from '../support/temporary';
import { SIDE, stripes, tinyModel } from '../support/training';

const folder = temporaryFolder();
let model: string;
let data: string;
beforeAll(async () => {
  model = await tinyModel(folder);
  data = stripes(folder, { narrow: 20, wide: 10, Wider: 10 });
});
const prepare = (options: Partial<FineTuneOptions> = {}, of: string | Dataset = data) =>
  prepareRun(model, of, { output: 'out', ...options });
const counts = ({ examples, labels }: Dataset) =>
  labels.map((_, at) => examples.filter(({ target }) => target === at).length);
const paths = ({ examples }: Dataset) => examples.map(({ path }) => path);

describe('the data', () => {
  test('labels in code point order; a part of each class is kept for the validation', async () => {
    const { train, validation, config, problems } = await prepare({ trainValSplit: 0.2 });
    expect(train.labels).toEqual(['Wider', 'narrow', 'wide']);
    expect(config.id2label).toEqual({ 0: 'Wider', 1: 'narrow', 2: 'wide' });
    expect(config).toMatchObject({ numLabels: 3, problemType: 'single_label_classification' });
    expect([counts(train), counts(validation!)]).toEqual([
      [8, 16, 8],
      [2, 4, 2],
    ]);
    expect(new Set([...paths(train), ...paths(validation!)]).size).toBe(40);
    expect(problems).toEqual([]);
  });

  test('the part follows from the seed alone', async () => {
    const of = async (seed?: number) => paths((await prepare({ seed })).validation!);
    expect(await of(1)).toEqual(await of(1));
    expect(await of(1)).not.toEqual(await of(2));
    expect(await of()).toEqual(await of(0));
    expect(await of()).toHaveLength(7); // 0.15 of each class, rounded: 2, 3, 2
  });

  test('no validation where none is wanted, and where no class has one to spare', async () => {
    for (const options of [{ validation: null }, { trainValSplit: 0 }]) {
      const { train, validation } = await prepare(options);
      expect([train.examples.length, validation]).toEqual([40, null]);
    }
    const single = stripes(join(folder, 'single'), { a: 1, b: 1 });
    const { train, validation } = await prepare({}, single);
    expect([train.examples.length, validation]).toEqual([2, null]);
  });

  test('one of its own is taken whole, with the labels of the training', async () => {
    const other = stripes(join(folder, 'own'), { wide: 3 });
    const { train, validation } = await prepare({ validation: other });
    expect(train.examples).toHaveLength(40);
    expect(validation?.labels).toEqual(train.labels);
    expect(counts(validation!)).toEqual([0, 0, 3]);
    const odd = stripes(join(folder, 'odd'), { odd: 1 });
    expect(await failure(prepare({ validation: odd }))).toMatch(/^ERR_BIT_CONFIG: .*odd/);
  });

  test('parts that its maker has told apart stay apart, even where none is to be split off', async () => {
    const parts = join(folder, 'parts');
    cpSync(data, join(parts, 'train'), { recursive: true });
    for (const label of ['narrow', 'wide'])
      cpSync(join(data, label), join(parts, 'test', label), { recursive: true });
    for (const options of [{}, { trainValSplit: 0 }, { trainValSplit: 0.5 }]) {
      const { train, validation } = await prepare(options, parts);
      expect([counts(train), counts(validation!)]).toEqual([
        [10, 20, 10],
        [0, 20, 10],
      ]);
    }
    cpSync(join(data, 'wide'), join(parts, 'validation', 'wide'), { recursive: true });
    expect(counts((await prepare({}, parts)).validation!)).toEqual([0, 0, 10]);
    expect((await prepare({ validation: null }, parts)).validation).toBeNull();
  });

  test('a data set of the caller’s, and one for the validation of the same labels', async () => {
    const all = (await prepare({ validation: null })).train;
    const some = { ...all, examples: all.examples.slice(0, 3) };
    const { train, validation } = await prepare({ validation: some }, all);
    expect([train.examples.length, validation]).toEqual([40, some]);
    const turned = { ...some, labels: [...some.labels].reverse() };
    expect(await failure(prepare({ validation: turned }, all))).toMatch(
      /^ERR_BIT_CONFIG: Expected those of the training, .* for labels of the validation but received/,
    );
    const other = { ...some, problemType: 'regression' } as const;
    expect(await failure(prepare({ validation: other }, all))).toContain('problemType of the val');
  });

  test('few of each class, few of all, few to validate on', async () => {
    const { train, validation } = await prepare({
      ...{ trainValSplit: 0.5, examplesPerClass: 4, maxTrainSamples: 6, maxEvalSamples: 4 },
    });
    expect(counts(train)).toEqual([2, 2, 2]);
    expect(counts(validation!)).toEqual([1, 2, 1]);
  });

  test('a table of several labels, and one of values', async () => {
    const rows = (cells: string[]) =>
      cells.map((cell, i) => `${join(data, 'wide', `00${i}.ppm`)},${cell}`);
    const table = join(folder, 'table.csv');
    writeFileSync(table, ['path,label', ...rows(['a|b', 'b|c', 'a|c', 'c|b'])].join('\n'));
    const several = await prepare({ validation: null }, table);
    expect(several.train.problemType).toBe('multi_label_classification');
    expect(several.config).toMatchObject({
      ...{ problemType: 'multi_label_classification', id2label: { 0: 'a', 1: 'b', 2: 'c' } },
    });
    writeFileSync(table, ['path,label', ...rows(['0.5', '1.5', '2', '3'])].join('\n'));
    const { train, config, validation } = await prepare(
      { problemType: 'regression', validation: table },
      table,
    );
    expect(train.examples.map(({ target }) => target)).toEqual([[0.5], [1.5], [2], [3]]);
    expect(config).toMatchObject({ numLabels: 1, problemType: 'regression' });
    expect(validation?.problemType).toBe('regression');
  });

  test('problems of training and validation, each once', async () => {
    const table = (name: string, cell: string) => {
      const rows = [`${join(data, 'wide', '000.ppm')},a`, `${join(data, 'wide', '001.ppm')},b`];
      writeFileSync(join(folder, name), ['path,label', ...rows, cell].join('\n'));
      return join(folder, name);
    };
    const [one, two] = [table('one.csv', 'x.png,'), table('two.csv', 'y.png,')];
    const told = async (validation: string) => {
      const { problems } = await prepare({ validation }, one);
      return problems.map(({ path }) => path.split('/').at(-1));
    };
    expect(await told(two)).toEqual(['x.png', 'y.png']);
    expect(await told(one)).toEqual(['x.png']);
  });

  test('nothing to learn from, or to tell apart, is refused', async () => {
    const one = stripes(join(folder, 'one'), { only: 5 });
    expect(await failure(prepare({}, one))).toContain('ERR_BIT_CONFIG: All examples are of one');
    const empty: Dataset = {
      ...{ problemType: 'regression', labels: ['x'], examples: [], problems: [] },
    };
    expect(await failure(prepare({}, empty))).toContain('There is no example to learn from');
  });
});

describe('the recipe', () => {
  const settings = async (options: Partial<FineTuneOptions> = {}) =>
    (await prepare(options)).settings;

  test('on a CPU a fifth of the paper’s steps, and pictures as the model was made for', async () => {
    expect(await settings()).toEqual({
      ...{ batchSize: 32, learningRate: 0.003, mixup: 0, schedule: [20, 40, 60, 80, 100] },
      ...{ resize: 30, crop: SIDE, batchSplit: 1, flip: 0.5, momentum: 0.9, weightDecay: 0 },
      ...{ dropPathRate: 0, dtype: 'float32', seed: 0, evalSteps: 10, saveSteps: 10 },
    });
  });

  test('the paper’s own, by the size of the pictures', async () => {
    expect(await settings({ preset: 'paper' })).toMatchObject({
      ...{ batchSize: 512, batchSplit: 16, learningRate: 0.003, resize: 160, crop: 128 },
      ...{ schedule: [100, 200, 300, 400, 500], evalSteps: 50, saveSteps: 50 },
    });
    const large = join(folder, 'large');
    for (const label of ['a', 'b']) {
      mkdirSync(join(large, label), { recursive: true });
      const create = { width: 120, height: 100, channels: 3, background: 'red' } as const;
      for (const i of [0, 1]) await sharp({ create }).toFile(join(large, label, `${i}.png`));
    }
    const { settings: of } = await prepare({ preset: 'light' }, large);
    expect(of).toMatchObject({ batchSize: 128, learningRate: 0.001, resize: 512, crop: 480 });
  });

  test.each([
    [{ maxSteps: 10 }, [2, 4, 6, 8, 10]],
    [{ maxSteps: 1 }, [0, 0, 1, 1, 1]],
    // 33 examples: 2.5 rounds in batches of 8 are 10.3 steps.
    [{ numTrainEpochs: 2.5, batchSize: 8 }, [2, 4, 7, 9, 11]],
    [{ numTrainEpochs: 0.001 }, [0, 0, 1, 1, 1]],
    [{ schedule: [3, 9] }, [3, 9]],
  ])('how long it is: %j', async (options, steps) => {
    const { settings: of, schedule } = await prepare(options);
    expect([of.schedule, schedule.supports]).toEqual([steps, steps]);
    expect(schedule.steps).toBe(steps.at(-1));
    expect(of.evalSteps).toBe(Math.max(1, Math.round(schedule.steps / 10)));
  });

  test('rates follow from the schedule and the rate', async () => {
    const { schedule } = await prepare({ schedule: [4, 8, 10], learningRate: 0.4 });
    const rates = Array.from({ length: 10 }, (_, step) => schedule.rateAt(step));
    expect(rates.slice(0, 5)).toEqual([0, 0.1, 0.2, expect.closeTo(0.3, 10), 0.4]);
    expect(rates.slice(8)).toEqual([0.4, 0.04]);
  });

  test.each([
    [{ resize: 50 }, { resize: 50, crop: SIDE }],
    [{ resize: 20 }, { resize: 20, crop: 20 }],
    [{ crop: 40 }, { resize: 40, crop: 40 }],
    [{ crop: 16 }, { resize: 30, crop: 16 }],
    [{ batchSize: 65 }, { batchSplit: 3 }],
    [{ saveSteps: 7 }, { evalSteps: 10, saveSteps: 7 }],
    [{ evalSteps: 7 }, { evalSteps: 7, saveSteps: 7 }],
  ])('%j gives %j', async (options, expected) => {
    expect(await settings(options)).toMatchObject(expected);
  });

  test.each([
    [{ crop: 31, resize: 30 }, 'A crop of 31 pixels cannot be cut out of 30'],
    [{ batchSize: 4, batchSplit: 5 }, 'A batch of 4 cannot fall into 5 parts'],
  ])('%j is refused', async (options, message) => {
    expect(await failure(prepare(options))).toContain(`ERR_BIT_CONFIG: ${message}`);
  });
});

describe('what it starts from', () => {
  test('the weights, known by their bytes; the small model of the package where none is named', async () => {
    const { files, weights } = await prepare();
    expect(files).toEqual([join(model, 'model.safetensors')]);
    expect(Object.keys(weights).sort()).toEqual(
      ['config.json', 'model.safetensors', 'preprocessor_config.json'].sort(),
    );
    const own = await prepareRun(null, data, { output: 'out' });
    expect(own.files[0]).toContain('bit-mini-scenes');
    expect(own.settings.crop).toBe(96);
    expect(own.weights).not.toEqual(weights);
  });

  test('the result’s processor gives what the network learnt from, with the model’s mean', async () => {
    const { processor } = await prepare({ crop: 20 });
    expect(processor).toBeInstanceOf(BitImageProcessor);
    expect(processor).toMatchObject({
      ...{ size: { height: 20, width: 20 }, resample: 2, doResize: true, doCenterCrop: false },
      ...{ doRescale: true, rescaleFactor: 1 / 255, doNormalize: true, doConvertRgb: true },
      ...{ imageMean: 0.5, imageStd: 0.5 },
    });
  });

  test('the config is the model’s but for labels and what is asked for', async () => {
    const before = await BitConfig.fromPretrained(model);
    const { config } = await prepare({ dropPathRate: 0.3 });
    expect(config.dropPathRate).toBe(0.3);
    expect(config.hiddenSizes).toEqual(before.hiddenSizes);
  });

  test('its own errors come first', async () => {
    expect(await failure(prepareRun(join(folder, 'no model'), data, { output: 'out' }))).toMatch(
      /^ERR_BIT_/,
    );
    const reason = new Error('enough');
    await expect(prepare({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
