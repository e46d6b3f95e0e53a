// Which files of wheels are unpacked, where they go, and that nothing goes elsewhere.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ZipFile } from 'yauzl';
import {
  type Layout,
  extractWheels,
  isWanted,
  torchAlone,
  torchWithCuda,
} from '../../lib/libtorch/extract';
import { temporaryFolder } from '../support/temporary';
import { zip } from './fake';

const folder = temporaryFolder();
let count = 0;

/** A folder of its own that does not exist yet. */
const fresh = () => join(folder, `copy ${count++}`);

function wheel(files: Record<string, string>): string {
  const path = join(folder, `${count++}.whl`);
  writeFileSync(path, zip(files));
  return path;
}

// By their paths below torch/.
test.each([
  ['lib/libtorch_cpu.so', true],
  ['lib/libgomp.so.1', true],
  ['lib/libgomp-a34b3233.so.1.0.0', true],
  ['lib/libc10.so', true],
  ['lib/libtorch_python.so', false],
  ['lib/libshm.so', false],
  ['lib/libjitbackend_test.so', false],
  ['lib/libbackend_with_compiler.so', false],
  ['lib/libaoti_custom_ops.so', false],
  // It only has such a name in it.
  ['lib/libmy_libshm.so', true],
  ['lib/libc10.a', false],
  ['lib/deeper/libc10.so', false],
  ['include/ATen/ATen.h', true],
  ['share/cmake/Torch/TorchConfig.cmake', true],
  ['share/doc/readme', false],
  ['version.py', true],
  ['other.py', false],
  ['include/', false],
  ['', false],
])('%p: %s', (path, wanted) => {
  expect(isWanted(path)).toBe(wanted);
});

test.each([
  ['torch/lib/libc10.so', 'lib/libc10.so'],
  ['torch/version.py', 'version.py'],
  ['torch/__init__.py', null],
  ['torch/', null],
  ['lib/libc10.so', null],
  ['torchgen/version.py', null],
  ['functorch/lib/libc10.so', null],
  ['torch-2.13.0.dist-info/LICENSE', null],
  ['nvidia/cudnn/lib/libcudnn.so.9', null],
])('torch alone: %s → %s', (name, path) => {
  expect(torchAlone(name)).toBe(path);
});

/** Names as they are in the wheels of today. */
test.each([
  ['torch/lib/libtorch_cuda.so', 'torch/lib/libtorch_cuda.so'],
  ['torch/include/ATen/ATen.h', 'torch/include/ATen/ATen.h'],
  ['torch/share/cmake/Torch/TorchConfig.cmake', 'torch/share/cmake/Torch/TorchConfig.cmake'],
  ['torch/version.py', 'torch/version.py'],
  ['torch/lib/libtorch_python.so', null],
  ['torch/__init__.py', null],
  ['torch/bin/protoc', null],
  ['nvidia/cudnn/lib/libcudnn.so.9', 'nvidia/cudnn/lib/libcudnn.so.9'],
  ['nvidia/cu13/lib/libnvrtc.so.13', 'nvidia/cu13/lib/libnvrtc.so.13'],
  ['nvidia/cu13/lib/libnvrtc-builtins.so.13.0', 'nvidia/cu13/lib/libnvrtc-builtins.so.13.0'],
  [
    'nvidia/cu13/lib/libnvrtc-builtins.alt.so.13.0',
    'nvidia/cu13/lib/libnvrtc-builtins.alt.so.13.0',
  ],
  ['nvidia/cu13/lib/libcheckpoint.so', 'nvidia/cu13/lib/libcheckpoint.so'],
  ['nvidia/cusparselt/lib/libcusparseLt.so.0', 'nvidia/cusparselt/lib/libcusparseLt.so.0'],
  [
    'nvidia/nvshmem/lib/nvshmem_bootstrap_uid.so.3',
    'nvidia/nvshmem/lib/nvshmem_bootstrap_uid.so.3',
  ],
  ['nvidia/cu13/include/cublas_v2.h', 'nvidia/cu13/include/cublas_v2.h'],
  [
    'nvidia/cu13/include/cub/device/device_scan.cuh',
    'nvidia/cu13/include/cub/device/device_scan.cuh',
  ],
  ['nvidia/cu13/include/cuda/std/array', 'nvidia/cu13/include/cuda/std/array'],
  ['nvidia/cu13/lib/libcudart_static.a', null],
  ['nvidia/nvshmem/lib/libnvshmem_device.bc', null],
  ['nvidia/cu13/lib/cmake/x.so', null],
  ['nvidia/cu13/bin/nvcc', null],
  ['nvidia/__init__.py', null],
  ['nvidia/cudnn/__init__.py', null],
  ['nvidia/cudnn/lib/__init__.py', null],
  ['nvidia/cudnn/include/__init__.py', null],
  ['torch-2.14.1.dist-info/licenses/LICENSE', 'licenses/torch/LICENSE'],
  ['torch-2.14.1.dist-info/licenses/NOTICE', 'licenses/torch/NOTICE'],
  ['torch-2.14.1.dist-info/LICENSE', 'licenses/torch/LICENSE'],
  [
    'nvidia_cudnn_cu13-9.24.0.43.dist-info/licenses/License.txt',
    'licenses/nvidia_cudnn_cu13/License.txt',
  ],
  ['nvidia_nvtx-13.0.85.dist-info/licence.md', 'licenses/nvidia_nvtx/licence.md'],
  ['torch-2.14.1.dist-info/METADATA', null],
  ['torch-2.14.1.dist-info/RECORD', null],
  ['deeper/torch-2.14.1.dist-info/LICENSE', null],
  ['LICENSE', null],
])('torch with CUDA: %s → %s', (name, path) => {
  expect(torchWithCuda(name)).toBe(path);
});

const all: Layout = (name) => name;

test('several wheels become one folder, and progress counts the bytes of all', async () => {
  const [a, b] = [
    wheel({ 'x/a.h': '12345', 'x/y/b.h': '' }),
    wheel({ 'x/c.so': 'c'.repeat(1000) }),
  ];
  const seen: [number, number][] = [];
  const dir = fresh();
  await extractWheels([a, b], dir, all, { onProgress: (...now) => seen.push(now) });
  expect(readdirSync(join(dir, 'x')).sort()).toEqual(['a.h', 'c.so', 'y']);
  expect(readFileSync(join(dir, 'x', 'a.h'), 'utf8')).toBe('12345');
  expect(readFileSync(join(dir, 'x', 'y', 'b.h'), 'utf8')).toBe('');
  expect(new Set(seen.map(([, total]) => total))).toEqual(new Set([1005]));
  expect(seen.at(-1)).toEqual([1005, 1005]);
});

test('wheels are closed, whatever became of them', async () => {
  const close = jest.spyOn(ZipFile.prototype, 'close');
  await extractWheels([wheel({ a: 'a' }), wheel({ b: 'b' })], fresh(), all);
  expect(close).toHaveBeenCalledTimes(2);
  const failing = extractWheels([wheel({ a: 'a' })], fresh(), () => '../evil');
  await expect(failing).rejects.toThrow('bad name');
  expect(close).toHaveBeenCalledTimes(3);
  close.mockRestore();
});

test('folders in a wheel are none of its files', async () => {
  const dir = fresh();
  await extractWheels([wheel({ 'x/': '', 'x/a': 'a' })], dir, all);
  expect(readdirSync(dir)).toEqual(['x']);
});

test('a layout cannot lead outside', async () => {
  const dir = fresh();
  mkdirSync(dir);
  for (const path of ['../evil', '.']) {
    const extracting = extractWheels([wheel({ a: 'a' })], dir, () => path);
    await expect(extracting).rejects.toThrow(`the wheel holds a bad name: ${path}`);
  }
  expect(readdirSync(folder)).not.toContain('evil');
});

test('stops at the first failure, and when somebody does not want to wait', async () => {
  const files = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`${i}`, 'x']));
  const dir = fresh();
  const stuck = extractWheels([wheel(files)], dir, (name) => (name === '3' ? '../evil' : name));
  await expect(stuck).rejects.toThrow('bad name');
  expect(readdirSync(dir).length).toBeLessThan(50);
  const controller = new AbortController();
  const aborted = fresh();
  const extracting = extractWheels([wheel(files)], aborted, all, {
    signal: controller.signal,
    onProgress: () => controller.abort(new Error('enough')),
  });
  await expect(extracting).rejects.toThrow('enough');
  expect(readdirSync(aborted).length).toBeLessThan(50);
});

test('what is no wheel is an error', async () => {
  const path = join(folder, 'not.whl');
  writeFileSync(path, 'no zip at all, though long enough to be one');
  await expect(extractWheels([wheel({ a: 'a' }), path], fresh(), all)).rejects.toThrow();
});
