// What is made of the addon's answers: a stand-in gives them here.
import { availableParallelism } from 'node:os';
import { systemInfo, version } from '../lib';
import { loadBindingInfo } from '../lib/binding/load';

jest.mock('../lib/binding/load');
const loaded = loadBindingInfo as jest.Mock;

const CPU = { name: 'cpu', type: 'cpu' };
const INFO = {
  libtorch: '2.13.0',
  cudaDevices: [] as object[],
  cudaLibrary: false,
  whyNoCuda: 'no driver',
  cpuCapability: 'AVX2',
  threads: 3,
  bf16: true,
  autoDtype: 'bfloat16',
  jpeg: '3.1.0',
  png: '1.6.58',
};

function infoOf(info: object, libtorch: object = {}) {
  const found = { dir: '/torch', version: '2.13.0', source: 'env', cuda: null, ...libtorch };
  loaded.mockReturnValue({ binding: { info: () => ({ ...INFO, ...info }) }, libtorch: found });
  return systemInfo();
}

test('a CPU alone: why there is no CUDA, what decodes JPEGs and PNGs', () => {
  expect(infoOf({})).toEqual({
    version,
    devices: [CPU],
    cuda: { available: false, library: false, reason: 'no driver' },
    libtorch: { version: '2.13.0', path: '/torch', source: 'env' },
    cpu: { capability: 'AVX2', threads: 3, bf16: true },
    autoDtype: 'bfloat16',
    jpeg: 'libjpeg-turbo 3.1.0',
    png: 'libpng 1.6.58',
  });
  expect(infoOf({ jpeg: '' }).jpeg).toBeNull();
  expect(infoOf({ png: '' }).png).toBeNull();
});

test('GPUs come first, by the names that models take; one that failed says why', () => {
  const row = { name: 'A GPU', capability: '9.0', totalMemory: 2, freeMemory: 1 };
  const cudaDevices = [
    { ...row, problem: '' },
    { ...row, problem: 'fell off the bus' },
  ];
  const info = infoOf({ cudaDevices, cudaLibrary: true, whyNoCuda: '' }, { cuda: '12.6' });
  expect(info.devices).toEqual([
    { ...row, type: 'cuda', device: 'cuda:0' },
    { ...row, type: 'cuda', device: 'cuda:1', problem: 'fell off the bus' },
    CPU,
  ]);
  expect(info.cuda).toEqual({ available: true, library: true });
  expect(info.libtorch?.cuda).toBe('12.6');
});

test('without an addon: the CPU as far as it is known, and the problem', () => {
  loaded.mockImplementation(() => {
    throw new Error('no addon');
  });
  expect(systemInfo()).toEqual({
    version,
    devices: [CPU],
    cuda: { available: false, library: false, reason: 'the addon does not load' },
    libtorch: null,
    cpu: { capability: 'unknown', threads: availableParallelism(), bf16: false },
    autoDtype: 'float32',
    jpeg: null,
    png: null,
    problem: 'no addon',
  });
});
