// Options of fineTune(): what each may be.
import { checkFineTuneOptions, isDataset, type FineTuneOptions } from '../../lib/training/options';
import { BitError } from '../../lib';

const given = (more: object): FineTuneOptions => ({ output: 'out', ...more });
const refusal = (options: object) => {
  try {
    checkFineTuneOptions(options as FineTuneOptions);
  } catch (error) {
    expect(error).toBeInstanceOf(BitError);
    expect((error as BitError).code).toBe('ERR_BIT_CONFIG');
    return (error as BitError).message;
  }
  return 'nothing was thrown';
};
const dataset = { problemType: 'regression', labels: ['x'], examples: [], problems: [] };

test.each([
  {},
  { schedule: [100] },
  { schedule: [0, 1, 5] },
  { validation: null },
  { validation: 'x' },
  { validation: dataset },
  { trainValSplit: 0, momentum: 0, weightDecay: 0, dropPathRate: 0, mixup: 0, flip: 1, seed: 0 },
  { seed: Number.MAX_SAFE_INTEGER, numTrainEpochs: 0.5 },
  { device: 'cuda:3', dtype: 'auto', allowTf32: false },
  { device: 'cpu', headOnly: true },
  { revision: 'main', localFilesOnly: true, timeoutMs: 0.5 },
])('%j is taken as it is', (options) => {
  expect(checkFineTuneOptions(given(options))).toMatchObject(options);
});

test('what is undefined counts as left out, and the caller’s object is not kept', () => {
  const options = given({ seed: undefined, maxSteps: 3, schedule: undefined });
  const checked = checkFineTuneOptions(options);
  expect(checked).not.toBe(options);
  expect(checked.maxSteps).toBe(3);
  expect(checked.seed).toBeUndefined();
});

test.each([
  [{ output: '' }, "Expected a path for output but received ''"],
  [{ output: 5 }, 'Expected a path for output but received 5'],
  [{ output: undefined }, 'Expected a path for output but received undefined'],
  [{ schedule: [] }, 'Expected a list of ascending numbers of steps for schedule'],
  [{ schedule: [0] }, 'Expected a list of ascending numbers of steps for schedule'],
  [{ schedule: [1, 1] }, 'Expected a list of ascending numbers of steps for schedule'],
  [{ schedule: [-1, 4] }, 'Expected a list of ascending numbers of steps for schedule'],
  [{ schedule: [1.5] }, 'Expected a list of ascending numbers of steps for schedule'],
  [{ schedule: '1,2' }, 'Expected a list of ascending numbers of steps for schedule'],
  [{ validation: 5 }, 'Expected a path or a data set, or null for validation'],
  [{ validation: { ...dataset, problems: undefined } }, 'Expected a path or a data set, or null'],
  [{ trainValSplit: 1 }, 'Expected a number from 0 to below 1 for trainValSplit'],
  [{ momentum: NaN }, 'Expected a number from 0 to below 1 for momentum'],
  [{ weightDecay: -0.1 }, 'Expected a number, 0 or more for weightDecay'],
  [{ mixup: Infinity }, 'Expected a number, 0 or more for mixup'],
  [{ flip: 1.1 }, 'Expected a number from 0 to 1 for flip'],
  [{ seed: 2 ** 53 }, 'Expected an integer from 0 to 2^53 - 1 for seed'],
  [{ seed: 0.5 }, 'Expected an integer from 0 to 2^53 - 1 for seed'],
  [{ learningRate: 0 }, 'Expected a positive number for learningRate'],
  [{ dtype: 'float16' }, "Expected one of 'auto', 'float32', 'bfloat16' for dtype"],
  [{ allowTf32: 1 }, 'Expected true or false for allowTf32 but received 1'],
  [{ problemType: 'single' }, "Expected one of 'single_label_classification', "],
  [{ maxSteps: 1.5 }, 'Expected a positive integer for maxSteps'],
  [{ restart: 'yes' }, 'Expected true or false for restart'],
  [{ schedule: [5], maxSteps: 3 }, 'Each of schedule and maxSteps says how long'],
  [
    { schedule: [5], maxSteps: 3, numTrainEpochs: 1 },
    'Each of schedule and numTrainEpochs and maxSteps says how long',
  ],
  [{ steps: 4 }, "Unknown option 'steps'"],
])('%j is refused', (options, message) => {
  expect(refusal(given(options))).toContain(message);
});

test.each([
  ['cuda:all', "'cuda' or 'cuda:N', one GPU for each process, for device but received 'cuda:all'"],
  ['gpu', "'cuda:N' or 'cuda:all' for device but received 'gpu'"],
])('device %p is none to learn on', (device, message) => {
  const work = () => checkFineTuneOptions(given({ device }));
  expect(work).toThrow(message);
  expect(work).toThrow(expect.objectContaining({ code: 'ERR_BIT_DEVICE' }));
});

test.each([[null], [undefined], ['out']])('%j are no options', (options) => {
  expect(refusal(options as unknown as object)).toContain('for options but received');
});

test.each([
  [dataset, true],
  [{ ...dataset, problemType: undefined }, false],
  [{ ...dataset, labels: 'x' }, false],
  [{ ...dataset, examples: {} }, false],
  [[], false],
  [null, false],
  ['a path', false],
])('whether %j is a data set: %p', (value, expected) => {
  expect(isDataset(value)).toBe(expected);
});
