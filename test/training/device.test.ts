// Which device a run learns on, of one process and of several.
import { systemInfo } from '../../lib';
import {
  checkTrainingDevice,
  countGpus,
  deviceOf,
  expectDevice,
  gpuOf,
} from '../../lib/training/device';

const ALONE = { localRank: 0, localWorldSize: 1 };
const THIRD = { localRank: 2, localWorldSize: 4 };
const gpus = (count: number) => () => count;

test.each([
  ['cpu', ALONE, 8, 'cpu'],
  ['cuda', ALONE, 8, 'cuda:0'],
  ['cuda:5', ALONE, 8, 'cuda:5'],
  ['auto', ALONE, 0, 'auto'],
  ['cpu', THIRD, 8, 'cpu'],
  ['cuda', THIRD, 8, 'cuda:2'],
  ['cuda', THIRD, 1, 'cuda:2'],
  ['cuda:5', THIRD, 8, 'cuda:5'],
  ['auto', THIRD, 4, 'cuda:2'],
  ['auto', THIRD, 3, 'cpu'],
  ['auto', THIRD, 0, 'cpu'],
] as const)('%p of %j among %i GPUs is %p', (asked, place, count, device) => {
  expect(deviceOf(asked, place, gpus(count))).toBe(device);
});

test.each([
  ['cpu', 8, null],
  ['cuda:0', 1, 0],
  ['cuda:11', 12, 11],
  ['auto', 2, 0],
  ['auto', 0, null],
] as const)('%p among %i GPUs is the GPU %p', (device, count, gpu) => {
  expect(gpuOf(device, gpus(count))).toBe(gpu);
});

test('one process learns in one place', () => {
  expect(checkTrainingDevice('auto')).toBe('auto');
  expect(() => checkTrainingDevice('cuda:all')).toThrow('one GPU for each process');
  expect(() => checkTrainingDevice(3)).toThrow('for device but received 3');
});

test('a GPU that is not there is told of before anything is read', () => {
  const count = systemInfo().devices.filter(({ type }) => type === 'cuda').length;
  expect(countGpus()).toBe(count);
  expect(() => expectDevice(`cuda:${count}`)).toThrow(
    expect.objectContaining({ code: 'ERR_BIT_DEVICE' }),
  );
  expectDevice('auto');
  expectDevice('cpu');
});
