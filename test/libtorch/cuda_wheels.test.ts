// The table of CUDA's wheels, where a slip of the pen would be found by users only.
import { PINNED_CUDA } from '../../lib/libtorch';
import { CUDA_WHEELS } from '../../lib/libtorch/cuda_wheels';

test.each(CUDA_WHEELS)('$file', ({ project, file, sha256, bytes }) => {
  // name-version-python-abi-platform.platform.whl
  const [name = '', version, python, abi, platforms = ''] = file.split('-');
  expect(name.replaceAll('_', '-')).toBe(project);
  expect(version).toMatch(/^\d+(\.\d+)+$/);
  expect(`${python}-${abi}`).toBe(project === 'torch' ? 'cp311-cp311' : 'py3-none');
  expect(platforms).toMatch(/^(manylinux\w+_x86_64\.)+whl$/);
  expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(Number.isSafeInteger(bytes) && bytes > 100_000).toBe(true);
});

test("libtorch's is the first, of the version that is pinned", () => {
  const [torch] = CUDA_WHEELS;
  expect(torch?.project).toBe('torch');
  expect(torch?.file).toContain(`torch-${PINNED_CUDA.version.split('+')[0]}-`);
  const suffix = `cu${PINNED_CUDA.cuda.replace('.', '')}`;
  expect(PINNED_CUDA.version.split('+')[1]).toBe(suffix);
});

test('none is there twice, and all are what the help says', () => {
  for (const key of ['project', 'file', 'sha256'] as const)
    expect(new Set(CUDA_WHEELS.map((wheel) => wheel[key])).size).toBe(16);
  const bytes = CUDA_WHEELS.reduce((sum, wheel) => sum + wheel.bytes, 0);
  expect((bytes / 1e9).toFixed(1)).toBe('2.7');
});
